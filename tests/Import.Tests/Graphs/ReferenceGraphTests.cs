using AaClip.Import.Methods;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Import.Tests.Graphs;

/// <summary>Distances to references, against a plain calculation from the values of the tower (docs/methods.md).</summary>
public sealed class ReferenceGraphTests
{
    private const int Width = 64,
        Patches = 64,
        Count = 5, // references of each level
        Images = 3;

    private static readonly float[] Anchors =
    [
        .. Enumerable.Repeat(TinyGraphs.Golden("tiny/golden-maps.safetensors")["text"].Values, Images).SelectMany(t => t),
    ];

    public static TheoryData<string> Methods => ["aa-clip", "crane", "anomalyclip", "anovl"];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Distances_are_those_of_the_largest_cosines_at_the_levels(string name)
    {
        MethodInfo info = MethodInfo.All.Single(m => m.Name == name);
        Method method = info.Options(8);
        int[] levels = name == "aa-clip" ? [2, 4, 6, 8] : [4, 8];
        float[] references = References(levels.Length);
        string[] taps = [.. levels.Select(l => Tap(l, method))];

        Dictionary<string, float[]> found = TinyGraphs.RunReferences(
            method,
            levels,
            Floats(),
            Anchors,
            references,
            ["distance", "patches", .. taps]
        );

        float[] distances = new float[Images * Patches];
        float[] units = new float[Images * levels.Length * Patches * Width];
        for (int image = 0; image < Images; image++)
        for (int patch = 0; patch < Patches; patch++)
        {
            double sum = 0;
            for (int level = 0; level < levels.Length; level++)
            {
                ReadOnlySpan<float> token = found[taps[level]].AsSpan((image * (1 + Patches) + 1 + patch) * Width, Width);
                double length = Math.Sqrt(token.ToArray().Sum(v => (double)v * v)),
                    largest = 0;
                for (int i = 0; i < Width; i++)
                    units[((image * levels.Length + level) * Patches + patch) * Width + i] = (float)(token[i] / length);
                for (int column = 0; column < Count; column++)
                {
                    double cosine = 0;
                    for (int i = 0; i < Width; i++)
                        cosine += token[i] / length * references[(level * Width + i) * Count + column];
                    largest = Math.Max(largest, cosine);
                }

                sum += 1 - largest;
            }

            distances[image * Patches + patch] = (float)(sum / levels.Length);
        }

        Close.Assert(distances, found["distance"], 2e-6, "distance");
        Close.Assert(units, found["patches"], 2e-6, "patches");
        Assert.True(distances.Max() - distances.Min() > 0.05, "The references tell patches apart.");
    }

    [Fact]
    public void The_graph_for_CUDA_gives_nearly_the_same()
    {
        float[] references = References(4);

        var exact = TinyGraphs.RunReferences(Method.AaClip, [2, 4, 6, 8], Floats(), Anchors, references, "distance", "patches");
        var found = TinyGraphs.RunCudaImage(
            TinyGraphs.Adapters,
            Activation.Gelu,
            Bytes(),
            Anchors,
            references,
            "distance",
            "patches",
            "map"
        );
        var without = TinyGraphs.RunCudaImage(TinyGraphs.Adapters, Activation.Gelu, Bytes(), Anchors, null, "map", "distance");

        Close.Assert(exact["distance"], found["distance"], 2e-3, "distance");
        Close.Assert(exact["patches"], found["patches"], 5e-3, "patches");
        Assert.Equal(without["map"], found["map"]);
        Assert.Empty(without["distance"]);
    }

    private static string Tap(int level, Method method) =>
        method.Correlation is not null ? $"/visual/blocks.{level - 1}/correlation"
        : level <= TinyGraphs.Adapters.ImageBlocks ? $"/visual/adapters.{level - 1}/out"
        : $"/visual/blocks.{level - 1}/out";

    // Random columns of length 1
    private static float[] References(int levels)
    {
        Random random = new(7);
        float[] columns = new float[levels * Width * Count];
        for (int level = 0; level < levels; level++)
        for (int column = 0; column < Count; column++)
        {
            double[] values = [.. Enumerable.Range(0, Width).Select(_ => random.NextDouble() - 0.5)];
            double length = Math.Sqrt(values.Sum(v => v * v));
            for (int i = 0; i < Width; i++)
                columns[(level * Width + i) * Count + column] = (float)(values[i] / length);
        }

        return columns;
    }

    private static float[] Floats()
    {
        Preprocessor preprocessor = new(TinyGraphs.Preprocessing);
        float[] floats = new float[Images * preprocessor.Length];
        for (int i = 0; i < Images; i++)
            preprocessor.Write(Pictures.Draw(i), floats.AsSpan(i * preprocessor.Length, preprocessor.Length));
        return floats;
    }

    private static byte[] Bytes()
    {
        Preprocessor preprocessor = new(TinyGraphs.Preprocessing);
        return [.. Enumerable.Range(0, Images).SelectMany(i => preprocessor.Resize(Pictures.Draw(i)))];
    }
}
