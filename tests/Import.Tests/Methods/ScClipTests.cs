using AaClip.Import.Tests.Graphs;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Methods;

/// <summary>The repaired features of SC-CLIP on the small model: the numbers of the published modules (parity/methods/scclip).</summary>
public sealed class ScClipTests
{
    private const double Features = 1e-5;

    private static readonly Dictionary<string, (long[] Shape, float[] Values)> Golden = SafetensorsFile.ReadAll(
        Parity.File("methods/scclip/golden.safetensors")
    );

    // The tiny settings of the goldens; there the blocks count from 0.
    private static readonly Method Options = Method.AaClip with
    {
        Table = TableResize.CubicOffset,
        Clean = new CleanFeatures(Similar: 5, Coherent: 3, FirstMixed: 3, LastMixed: 6, ClassShare: 0.3, Least: 0.4),
    };

    [Fact]
    public void Every_step_equals_the_published_one()
    {
        Dictionary<string, string> steps = new()
        {
            ["/clean/repaired_last"] = "repaired_last",
            ["/clean/repaired_early"] = "repaired_early",
            ["/clean/aggregated_before"] = "aggregated_before",
            ["/clean/pass_1/aggregated"] = "aggregated_after",
            ["/clean/pass_2/aggregated"] = "aggregated_multi",
        };

        Dictionary<string, float[]> found = Run([.. steps.Keys]);

        foreach ((string tap, string name) in steps)
        {
            float[] golden = Golden[$"image0.{name}"].Values;
            Close.AssertRelative(golden, [.. found[tap].Take(golden.Length)], Features, name);
        }
    }

    [Fact]
    public void The_same_patches_are_outliers_and_the_features_are_the_published_ones()
    {
        Dictionary<string, float[]> found = Run(["/clean/lof", "/head/levels.0/proj"]);

        for (int image = 0; image < 3; image++)
        {
            float[] factors = [.. found["/clean/lof"].Skip(64 * image).Take(64)];
            Close.AssertRelative(Golden[$"image{image}.lof"].Values, factors, Features, $"factors of image {image}");
            Assert.Equal(
                Golden[$"image{image}.outliers"].Values.Select(v => (int)v).Order(),
                factors.Index().OrderByDescending(f => f.Item).Take(4).Select(f => f.Index).Order()
            );
            float[] features = [.. found["/head/levels.0/proj"].Skip(64 * 32 * image).Take(64 * 32)];
            Close.AssertRelative(Golden[$"image{image}.feature"].Values, features, Features, $"features of image {image}");
        }
    }

    [Theory]
    [InlineData(24)]
    [InlineData(12)]
    public void The_published_settings_are_taken_by_the_depth_of_the_tower(int blocks)
    {
        CleanFeatures found = CleanFeatures.For(blocks);

        Assert.Equal(blocks == 24 ? new CleanFeatures(17, 7, 9, 19, 0.1, 0.4) : new CleanFeatures(9, 4, 4, 10, 0.3, 0.4), found);
        Assert.True(found.LastMixed < blocks);
    }

    private static Dictionary<string, float[]> Run(string[] outputs)
    {
        float[] anchors = [.. Enumerable.Range(0, 3 * 64).Select(i => i % 2 == 0 ? 0.1f : -0.1f)];
        return TinyGraphs.RunMethod(Options, [8], Precision.Fp32, Activation.QuickGelu, Golden["image"].Values, anchors, outputs);
    }
}
