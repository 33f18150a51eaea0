using AaClip.Graphs;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Scoring.Events;
using AaClip.Scoring.Packages;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>
/// The graphs that run beside the one that scores, at their published sizes with random weights, float32 on the CPU: the check for
/// generated pictures (C2P-CLIP: ViT-L/14 at 224 px), and of VadCLIP the frame's tower (ViT-B/16 at 224 px) and the head on a window of 256
/// snippets.
/// </summary>
internal static class BesideBench
{
    private static readonly VisionArchitecture Large = new(224, 14, new TowerShape(1024, 24, 16, 4096), 768),
        Base = new(224, 16, new TowerShape(768, 12, 12, 3072), 512);
    private static readonly TemporalHead Head = new(256, 8, 2, 512, 2048, 256); // UCF-Crime

    public static IReadOnlyList<(string Name, List<double> Seconds)> Measure(string scratch, int rounds, CancellationToken cancellation)
    {
        string folder = Directory.CreateDirectory(Path.Combine(scratch, "beside")).FullName;
        (string Name, Action<string> Write, string[] Outputs, Func<(string, OrtValue)[]> Inputs)[] graphs =
        [
            (
                "check for generated pictures",
                path =>
                    CheckGraph.Write(
                        path,
                        Large,
                        Precision.Fp32,
                        Activation.QuickGelu,
                        Random([.. ClipNames.Image(Large), (CheckGraph.LastWeight, [1, Large.Embed]), (CheckGraph.LastBias, [1])])
                    ),
                ["logit"],
                () => [("image", Values(1, 3, 224, 224))]
            ),
            (
                "feature of a frame",
                path => FrameGraph.Write(path, Base, Activation.QuickGelu, Random([.. ClipNames.Image(Base)])),
                ["feature"],
                () => [("image", Values(1, 3, 224, 224))]
            ),
            (
                "temporal head, a window of 256",
                path =>
                    TemporalHeadGraph.Write(
                        path,
                        Head,
                        Random([.. VadClipCheckpoint.Tensors(Head, 77, 512).Select(t => (t.Name, Array.ConvertAll(t.Shape, n => (long)n)))])
                    ),
                ["binary", "alignment"],
                () =>
                    [
                        ("features", Values(1, Head.Length, Head.Width)),
                        ("length", OrtValue.CreateTensorValueFromMemory<long>([Head.Length], [1])),
                        ("classes", Values(14, Head.Width)),
                    ]
            ),
        ];
        List<(string, List<double>)> measured = [];
        foreach ((string name, Action<string> write, string[] outputs, Func<(string Name, OrtValue Value)[]> inputs) in graphs)
        {
            cancellation.ThrowIfCancellationRequested();
            Console.Error.WriteLine(name);
            string path = Path.Combine(folder, name.Replace(' ', '-').Replace(",", "", StringComparison.Ordinal) + ".onnx");
            File.Delete(path);
            File.Delete(Path.ChangeExtension(path, ".weights"));
            write(path);
            using InferenceSession session = GraphRun.Open("cpu", path);
            using RunOptions options = new();
            (string Name, OrtValue Value)[] given = inputs();
            string[] names = [.. given.Select(g => g.Name)];
            OrtValue[] values = [.. given.Select(g => g.Value)];
            List<double> seconds = [];
            for (int round = 0; round < rounds; round++)
                seconds.AddRange(
                    GraphRun.Time(() => session.Run(options, names, values, outputs).Dispose(), seconds: 1, warm: 1, least: 2)
                );
            foreach (OrtValue value in values)
                value.Dispose();
            measured.Add((name, seconds));
        }

        return measured;
    }

    private static Func<string, float[]> Random((string Name, long[] Shape)[] tensors)
    {
        Dictionary<string, long[]> shapes = tensors.ToDictionary(t => t.Name, t => t.Shape);
        Random random = new(5);
        return name => Draw(random, shapes[name]);
    }

    private static OrtValue Values(params long[] shape) => OrtValue.CreateTensorValueFromMemory(Draw(new Random(7), shape), shape);

    private static float[] Draw(Random random, long[] shape) =>
        [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (random.NextSingle() - 0.5f) / 10)];
}
