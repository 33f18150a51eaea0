using AaClip.Graphs;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>
/// The image graph of each method at its published size, random weights, as a ratio to AA-CLIP's in the same run. Anchors are inputs, so
/// the text tower is not measured: it runs once for a class, or never; but AdaCLIP's is in its image graph, with 48 sentences.
/// </summary>
internal static class MethodsBench
{
    private const double AnoVlGoal = 0.1;

    // OpenCLIP's ViT-B-16-plus-240
    private static readonly ClipArchitecture BasePlus = new(
        240,
        16,
        new TowerShape(896, 12, 14, 3584),
        new TowerShape(640, 12, 10, 2560),
        77,
        0,
        640
    );

    public static async Task<int> RunAsync(string scratch, Precision precision, int rounds, bool save, CancellationToken cancellation)
    {
        Directory.CreateDirectory(scratch);
        MethodInfo[] methods = [.. MethodInfo.All];
        string repaired = $"{Method.AaClip.Name} --clean";
        List<(string Name, string Path, ModelArchitecture Shape, double? Work)> graphs =
        [
            .. methods.Select(m => Write(scratch, m.Name, m, precision, clean: false, m.Cost)),
            Write(scratch, repaired, methods[0], precision, clean: true, null),
        ];
        Dictionary<string, List<double>> seconds = graphs.ToDictionary(g => g.Name, _ => new List<double>());
        for (int round = 0; round < rounds; round++)
            foreach ((string name, string path, ModelArchitecture shape, _) in graphs)
            {
                cancellation.ThrowIfCancellationRequested();
                await Console.Error.WriteLineAsync($"Round {round + 1} of {rounds}: {name}");
                using InferenceSession session = GraphRun.Open("cpu", path);
                using GraphRun run = GraphRun.Images(session, "cpu", shape, batch: 1);
                seconds[name].AddRange(GraphRun.Time(run.OnCard, seconds: 1, warm: 1, least: 2));
            }

        IReadOnlyList<(string Name, List<double> Seconds)> beside = BesideBench.Measure(scratch, rounds, cancellation);
        double own = Median(seconds[Method.AaClip.Name]);
        Report report = new()
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = Machine.Describe(),
            Runtime =
                $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, .NET {Environment.Version}; bench methods, "
                + $"{precision.ToString().ToLowerInvariant()}, image graphs, random weights",
            GflopPerSecond = 0,
            Rows =
            [
                .. graphs.Select(g => Of(g.Name, seconds[g.Name], own, g.Work)),
                .. beside.Select(b => Of(b.Name, b.Seconds, own, null)),
            ],
        };
        Table.Write(report, []);
        if (save)
            await report.SaveAsync($"methods-{precision.ToString().ToLowerInvariant()}", cancellation);
        return 0;
    }

    private static Row Of(string name, List<double> seconds, double own, double? work)
    {
        double ratio = Median(seconds) / own;
        string expected = work is { } w ? FormattableString.Invariant($"; by work {w:F2}x") : "";
        Row row = Row.Of(
            $"{name}: seconds for an image",
            $"{Median(seconds):F2} s",
            $"{seconds.Min():F2} - {seconds.Max():F2}",
            FormattableString.Invariant($"{ratio:F2}x AA-CLIP{expected}")
        );
        return name == "anovl" ? row with { Target = "<= 0.1x AA-CLIP", Reached = ratio <= AnoVlGoal } : row;
    }

    private static (string, string, ModelArchitecture, double?) Write(
        string scratch,
        string name,
        MethodInfo info,
        Precision precision,
        bool clean,
        double? work
    )
    {
        bool small = info.Size is null; // trained at its own size
        string sources = small ? Sources(scratch) : FullSizeModel.Sources(scratch);
        using ClipWeights clip = ClipWeights.Open(Path.Combine(sources, "clip.safetensors"));
        Method method = info.Options(clip.Architecture.Vision.Layers);
        if (clean)
            method = method with { Clean = CleanFeatures.For(clip.Architecture.Vision.Layers), Table = TableResize.CubicOffset };
        ModelArchitecture shape = ModelImporter.Shape(clip.Architecture, info.Size ?? clip.Architecture.ImageSize, null, method);
        bool adapted = method == Method.AaClip;
        string folder = Directory.CreateDirectory(Path.Combine(scratch, "methods")).FullName;
        string path = Path.Combine(folder, $"{name.Replace(' ', '-')}-{precision.ToString().ToLowerInvariant()}.onnx");
        File.Delete(path);
        File.Delete(Path.ChangeExtension(path, ".weights"));
        using Import.Adapters.AdapterWeights? adapters = adapted
            ? Import.Adapters.AdapterWeights.Open(Path.Combine(sources, "adapters.safetensors"), clip.Architecture)
            : null;
        AdapterDescription? description = adapters is null
            ? null
            : new AdapterDescription(adapters.ImageLayers, 0.1, 0, 0.1, adapters.Relu);
        Dictionary<string, long[]> prompts = method.Hybrid is { } hybrid
            ? AdaClipCheckpoint.Tensors(clip.Architecture, hybrid.Blocks, hybrid.Rows).ToDictionary()
            : [];
        Random random = new(5);
        if (method.Hybrid is null)
            ImageGraph.Write(path, shape, description, precision, info.Activation, Read, method);
        else
            AdaClipGraph.Write(path, shape, precision, info.Activation, Read, method);
        return (name, path, shape, work);

        float[] Read(string key) =>
            prompts.TryGetValue(key, out long[]? lengths)
                ? [.. Enumerable.Range(0, (int)lengths.Aggregate((a, b) => a * b)).Select(_ => (random.NextSingle() - 0.5f) / 10)]
            : adapters is not null && adapters.Tensors.ContainsKey(key) ? adapters.Read(key)
            : key == "visual.positional_embedding"
                ? Resampling.ResizeTable(clip.Read(key), clip.Architecture.Grid, shape.Grid, shape.Vision.Width, method.Table)
            : clip.Read(key);
    }

    private static string Sources(string scratch)
    {
        string sources = Path.Combine(scratch, "sources-b16plus");
        if (!Directory.Exists(sources))
        {
            string unfinished = Directory.CreateDirectory(sources + ".tmp").FullName;
            RandomModel.WriteSources(unfinished, BasePlus, imageBlocks: 1, textBlocks: 1);
            Directory.Move(unfinished, sources);
        }

        return sources;
    }

    private static double Median(List<double> values) => ScoringBench.Median([.. values.Order()]);
}
