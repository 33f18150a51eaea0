using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Checkpoints.Onnx;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>What a card gives: images per second by batch size, as a share of its matrix rate, from load to first score, and how true the maps are.</summary>
/// <param name="provider">"cuda"; "cpu" only tries the bench itself.</param>
/// <param name="seconds">For which each row is measured.</param>
/// <param name="python">A Python with PyTorch, for bench/published.py; null leaves the comparison out.</param>
internal sealed class CudaBench(string scratch, string provider, int[] batches, double seconds, string? python)
{
    private const double RateGoal = 475, ShareGoal = 0.6; // on an H100
    private readonly List<Row> _rows = [];
    private readonly Dictionary<Precision, double> _products = []; // operations a second
    private (double Rate, int Batch) _best;

    public int Run(bool save)
    {
        Directory.CreateDirectory(scratch);
        foreach (Precision precision in (Precision[])[Precision.Fp16, Precision.Fp32])
            FullSizeModel.Package(scratch, precision);
        DateTimeOffset at = TimeProvider.System.GetUtcNow();
        double gflop = Math.Round(Machine.GflopPerSecond(scratch));
        string path = Path.Combine(ScoringBench.Root, "bench", "results", string.Create(CultureInfo.InvariantCulture, $"cuda-{at:yyyyMMdd-HHmm}.json"));
        Report report = Report(at, gflop);
        foreach ((string name, Action measure) in Sections())
        {
            Section(name, measure);
            report = Report(at, gflop);
            if (save)
                File.WriteAllText(path, JsonSerializer.Serialize(report, BenchJson.Default.Report) + "\n"); // a driver may yet end the process
        }

        Table.Write(report, []);
        if (save)
            Console.WriteLine($"Kept as {Path.GetRelativePath(ScoringBench.Root, path)}");
        return 0;
    }

    private IEnumerable<(string Name, Action Measure)> Sections()
    {
        yield return ("products", () => { Products(Precision.Fp16); Products(Precision.Fp32); });
        yield return ("processes", () => _rows.AddRange(CudaProcesses.Rows(scratch, provider)));
        yield return ("float16", () => Batches(Precision.Fp16, batches));
        yield return ("float32", () => Batches(Precision.Fp32, [.. batches.Where(b => b is 1 or 8)]));
        yield return ("scorer", () => _rows.AddRange(CudaScorer.Rows(FullSizeModel.Package(scratch, Precision.Fp16), Wanted, batches, seconds)));
        yield return ("summary", Summary);
        if (python is not null)
            yield return ("PyTorch", () => _rows.AddRange(PublishedForm.Rows(python, seconds, _best.Rate)));
        if (provider == "cuda")
            foreach (CudaVariants.Variant variant in CudaVariants.All)
                yield return (variant.Name, () => Variant(variant));
    }

    private Report Report(DateTimeOffset at, double gflop) => new()
    {
        At = at,
        Machine = $"{Card.Describe()}; {Machine.Describe()}",
        Runtime = $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, .NET {Environment.Version}, provider {provider}; "
            + $"bench cuda --batches {string.Join(' ', batches)} --seconds {seconds.ToString(CultureInfo.InvariantCulture)}{(python is null ? "" : " --python python3")}",
        GflopPerSecond = gflop,
        Rows = _rows,
    };

    /// <summary>Runs the image graph and measures nothing: for a profiler.</summary>
    public static void RunGraph(string package, string provider, int batch, int runs)
    {
        using InferenceSession session = new SessionFactory(Wants(provider), 0, false, NullLogger.Instance).Open(Path.Combine(package, ModelPackage.ImageGraph));
        using GraphRun run = GraphRun.Images(session, provider, ModelPackage.Open(package).Manifest.Architecture, batch);
        for (int i = 0; i < runs; i++)
            run.OnCard();
    }

    // A card is rarely at hand: what fails is reported, and the rest is measured all the same.
    private void Section(string name, Action measure)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            measure();
        }
        catch (Exception e) when (e is OnnxRuntimeException or InvalidOperationException or InvalidDataException or IOException or JsonException)
        {
            _rows.Add(new Row($"{name}: failed", SessionFactory.FirstLine(e.Message), "", "", null, ""));
        }

        Console.Error.WriteLine(FormattableString.Invariant($"{name}: {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s"));
    }

    // The rate that everything else is a share of: products of the tower's MLP, at the tokens of one to 32 images.
    private void Products(Precision precision)
    {
        ModelArchitecture shape = ModelPackage.Open(FullSizeModel.Package(scratch, precision)).Manifest.Architecture;
        const int Pairs = 8;
        int tokens = shape.Grid * shape.Grid + 1, width = shape.Vision.Width, hidden = shape.Vision.MlpWidth;
        string path = Path.Combine(scratch, $"chain-{precision}.onnx");
        File.Delete(path);
        File.Delete(Path.ChangeExtension(path, ".weights"));
        ProductGraph.WriteChain(path, width, hidden, Pairs, precision);
        using InferenceSession session = new SessionFactory(Wanted, 0, false, NullLogger.Instance).Open(path);
        foreach (int batch in batches)
        {
            using GraphRun run = GraphRun.Chain(session, provider, batch * tokens, width);
            double[] found = GraphRun.Time(run.OnCard, seconds);
            double rate = Pairs * 2 * 2.0 * batch * tokens * width * hidden / ScoringBench.Median(found);
            _products[precision] = Math.Max(rate, _products.GetValueOrDefault(precision));
            string what = $"{Name(precision)} products [{batch * tokens}, {width}] x [{width}, {hidden}] and back";
            _rows.Add(new Row(what, FormattableString.Invariant($"{rate / 1e12:F1} TFLOP/s"), "", "", null, ""));
        }
    }

    private void Batches(Precision precision, int[] sizes)
    {
        ModelPackage package = ModelPackage.Open(FullSizeModel.Package(scratch, precision));
        using InferenceSession session = new SessionFactory(Wanted, 0, false, NullLogger.Instance).Open(package.PathOf(ModelPackage.ImageGraph));
        foreach (int batch in sizes)
        {
            using GraphRun run = GraphRun.Images(session, provider, package.Manifest.Architecture, batch);
            string what = $"{Name(precision)} batch {batch}: images per second";
            double first = First(run);
            double rate = Rate($"{what}, graph alone", package, batch, GraphRun.Time(run.OnCard, seconds), first);
            if (precision == Precision.Fp16 && rate > _best.Rate)
                _best = (rate, batch);
            Rate($"{what}, inputs from the machine's memory", package, batch, GraphRun.Time(run.FromHost, seconds));
            _rows.Add(new Row($"{Name(precision)} batch {batch}: memory of the card", FormattableString.Invariant($"{Card.UsedGiB():F1} GiB"), "", "", null, ""));
        }
    }

    private void Variant(CudaVariants.Variant variant)
    {
        Precision precision = variant.Cuda.ContainsKey("use_tf32") ? Precision.Fp32 : Precision.Fp16;
        ModelPackage package = ModelPackage.Open(FullSizeModel.Package(scratch, precision));
        foreach (int batch in (int[])[1, 16])
        {
            using InferenceSession session = CudaVariants.Open(variant, package.PathOf(ModelPackage.ImageGraph)); // a CUDA graph is of one shape
            using GraphRun run = GraphRun.Images(session, provider, package.Manifest.Architecture, batch);
            Rate($"{variant.Name}, {Name(precision)} batch {batch}: images per second, graph alone", package, batch, GraphRun.Time(run.OnCard, seconds), First(run));
        }
    }

    private void Summary()
    {
        double share = _best.Rate * Work.PerImage(ModelPackage.Open(FullSizeModel.Package(scratch, Precision.Fp16)).Manifest) / _products[Precision.Fp16];
        _rows.Add(new Row($"fp16 at its best batch, {_best.Batch}: images per second", FormattableString.Invariant($"{_best.Rate:F0}"), "", ">= 475", _best.Rate >= RateGoal, ""));
        _rows.Add(new Row("fp16 at its best batch: share of the products' rate", FormattableString.Invariant($"{100 * share:F0} %"), "", ">= 60 %", share >= ShareGoal, ""));
    }

    private static double First(GraphRun run)
    {
        long start = Stopwatch.GetTimestamp();
        run.OnCard();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private double Rate(string what, ModelPackage package, int batch, double[] sorted, double? first = null)
    {
        double rate = batch / ScoringBench.Median(sorted);
        double share = rate * Work.PerImage(package.Manifest) / _products.GetValueOrDefault(package.Manifest.Precision, double.NaN);
        string spread = FormattableString.Invariant($"{batch / sorted[^1]:F1} - {batch / sorted[0]:F1}");
        if (first is { } cold)
            spread += FormattableString.Invariant($"; first run {1000 * cold:F0} ms");
        string of = FormattableString.Invariant($"{100 * share:F0} % of the products' rate");
        _rows.Add(new Row(what, FormattableString.Invariant($"{rate:F1}"), spread, "", null, of));
        return rate;
    }

    private Provider Wanted => Wants(provider);

    private static Provider Wants(string provider) => provider == "cuda" ? Provider.Cuda : Provider.Cpu;

    private static string Name(Precision precision) => precision.ToString().ToLowerInvariant();
}
