using AaClip.Import.Methods;
using AaClip.Import.Tests.Graphs;
using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Import.Tests.Methods;

/// <summary>AnomalyCLIP on the small model: the numbers of the published modules (parity/methods/anomalyclip).</summary>
public sealed class AnomalyClipTests
{
    private const double Features = 1e-5,
        Scores = 2e-5;

    private static readonly MethodGolden Golden = new("anomalyclip");
    private static readonly Method Options = AnomalyClip.Info.Options(8) with { Correlation = new CorrelationPath(["vv"], 4) };

    [Fact]
    public void Tower_and_head_equal_the_published_ones()
    {
        string[] taps = [.. Enumerable.Range(3, 5).Select(i => $"/visual/blocks.{i}/correlation")];

        Dictionary<string, float[]> found = Run([8], [.. taps, "/head/levels.0/proj", "/head/class/proj", "map", "detection"]);

        Golden.AssertTaps(taps, found, Features);
        float[] patches = [.. Golden["feature"].Chunk(65 * 32).SelectMany(image => image[32..])]; // without the class row
        Close.AssertRelative(patches, found["/head/levels.0/proj"], Features, "patch features");
        Close.AssertRelative(Golden["class_feature"], found["/head/class/proj"], Features, "class feature");
        Close.AssertRelative(Golden["grid"], found["map"], Scores, "grid");
        Close.AssertRelative(Golden["score"], found["detection"], Scores, "score");
    }

    [Fact]
    public void Four_levels_are_summed()
    {
        Dictionary<string, float[]> found = Run([4, 5, 7, 8], ["map", "detection"]);
        float[] maps =
        [
            .. found["map"].Chunk(64).SelectMany(g => new Scoring.Maps.AnomalyMap(g, 8, 112, default, Options.Map).FullSize(112, 112)),
        ];

        Close.AssertRelative(Golden["four_levels.map"], maps, Scores, "map");
        Close.AssertRelative(Golden["four_levels.score"], found["detection"], Scores, "score");
    }

    [Fact]
    public void From_files_to_maps_and_scores_the_package_gives_the_published_numbers()
    {
        (float[] maps, _, float[] scores) = MethodGolden.Score(TinyPackage.Method("anomalyclip", "anomalyclip/epoch_15.pth"));

        Close.AssertRelative(Golden["map"], maps, Scores, "map");
        Close.AssertRelative(Golden["score"], scores, Scores, "score");
    }

    private static Dictionary<string, float[]> Run(int[] levels, string[] outputs) =>
        TinyGraphs.RunMethod(
            Options,
            levels,
            Precision.Fp32,
            Activation.QuickGelu,
            Golden["image"],
            MethodGolden.Columns(Golden["text_features"]),
            outputs
        );
}
