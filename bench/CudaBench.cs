using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Models;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>
/// Measures a GPU: images per second by batch size, the same as a share of the rate of matrix products, the time to the first score, and
/// the accuracy of the maps.
/// </summary>
/// <param name="provider">"cuda"; "cpu" only tests the bench itself.</param>
/// <param name="seconds">Measuring time of each row.</param>
/// <param name="python">A Python with PyTorch, for bench/published.py; null skips the comparison.</param>
internal sealed class CudaBench(string scratch, string provider, int[] batches, double seconds, string? python)
{
    private const double RateGoal = 475,
        ShareGoal = 0.6; // on an H100
    private readonly List<Row> _rows = [];
    private readonly Dictionary<Precision, double> _products = []; // operations per second
    private (double Rate, int Batch) _best;
    private double _alone = double.NaN; // images per second of the scorer, inputs ready, at the pipeline's batch size

    public int Run(bool save)
    {
        Directory.CreateDirectory(scratch);
        foreach (Precision precision in (Precision[])[Precision.Fp16, Precision.Fp32])
            FullSizeModel.Package(scratch, precision);
        DateTimeOffset at = TimeProvider.System.GetUtcNow();
        double gflop = Math.Round(Machine.GflopPerSecond(scratch));
        string name = string.Create(CultureInfo.InvariantCulture, $"cuda-{at:yyyyMMdd-HHmm}.json");
        string path = Path.Combine(ScoringBench.Root, "bench", "results", name);
        Report report = Report(at, gflop);
        foreach ((string section, Action measure) in Sections())
        {
            Section(section, measure);
            report = Report(at, gflop);
            if (save) // save after each section: a driver error may end the process
                File.WriteAllText(path, JsonSerializer.Serialize(report, BenchJson.Default.Report) + "\n");
        }

        Table.Write(report, []);
        if (save)
            Console.WriteLine($"Kept as {Path.GetRelativePath(ScoringBench.Root, path)}");
        return 0;
    }

    private IEnumerable<(string Name, Action Measure)> Sections()
    {
        yield return (
            "products",
            () =>
            {
                Products(Precision.Fp16);
                Products(Precision.Fp32);
            }
        );
        yield return ("processes", () => _rows.AddRange(CudaProcesses.Rows(scratch, provider)));
        yield return ("float16", () => Batches(Precision.Fp16, batches));
        yield return ("float32", () => Batches(Precision.Fp32, [.. batches.Where(b => b is 1 or 8)]));
        yield return ("kinds", Kinds);
        yield return ("scorer", () => _rows.AddRange(CudaScorer.Rows(Package(Precision.Fp16).Folder, provider, batches, seconds, Alone)));
        yield return ("summary", Summary);
        if (python is not null)
            yield return ("PyTorch", () => _rows.AddRange(PublishedForm.Rows(python, seconds, _best.Rate)));
        if (provider == "cuda")
            foreach (CudaVariants.Variant variant in CudaVariants.All)
                yield return (variant.Name, () => Variant(variant));
        yield return ("pipeline", Pipeline);
    }

    private void Pipeline()
    {
        string model = Package(Precision.Fp16).Folder;
        _rows.AddRange(CudaPipeline.RowsAsync(model, provider, 3 * seconds, _alone, CancellationToken.None).GetAwaiter().GetResult());
    }

    private void Alone(int batch, double rate)
    {
        if (batch == new BatchingOptions().MaxSize)
            _alone = rate;
    }

    // Products and attentions measured alone, at the size of the best batch; what is left is norms, activations, sums, copies.
    private void Kinds()
    {
        ModelManifest model = Package(Precision.Fp16).Manifest;
        double run = _best.Batch / _best.Rate,
            products = _best.Batch * Work.Products(model) / _products[Precision.Fp16],
            attentions = CudaProducts.Attentions(model, scratch, provider, _best.Batch, seconds);
        _rows.Add(
            Row.Of(
                $"fp16 batch {_best.Batch}: products, attentions, all else, of a run's time",
                $"{100 * products / run:F0} %, {100 * attentions / run:F0} %, {100 * (1 - (products + attentions) / run):F0} %",
                $"attentions {_best.Batch * Work.Attentions(model) / attentions / 1e12:F0} TFLOP/s"
            )
        );
    }

    private Report Report(DateTimeOffset at, double gflop) =>
        new()
        {
            At = at,
            Machine = $"{Card.Describe()}; {Machine.Describe()}",
            Runtime =
                $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, .NET {Environment.Version}, provider {provider}; "
                + $"bench cuda --batches {string.Join(' ', batches)} --seconds {seconds.ToString(CultureInfo.InvariantCulture)}"
                + (python is null ? "" : " --python python3"),
            GflopPerSecond = gflop,
            Rows = _rows,
        };

    // GPUs are rarely available, so a failed section is reported and the others still run.
    private void Section(string name, Action measure)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            measure();
        }
        catch (Exception e) when (e is OnnxRuntimeException or InvalidOperationException or IOException or JsonException)
        {
            _rows.Add(Row.Of($"{name}: failed", $"{SessionFactory.FirstLine(e.Message)}"));
        }

        Console.Error.WriteLine(FormattableString.Invariant($"{name}: {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s"));
    }

    private void Products(Precision precision)
    {
        (double best, IEnumerable<Row> rows) = CudaProducts.Measure(Package(precision).Manifest, scratch, provider, batches, seconds);
        _products[precision] = best;
        _rows.AddRange(rows);
    }

    private void Batches(Precision precision, int[] sizes)
    {
        ModelPackage package = Package(precision);
        SessionFactory sessions = GraphRun.Sessions(provider);
        using InferenceSession session = sessions.Open(package.PathOf(ModelPackage.ImageGraph));
        using OrtAllocator staging = sessions.Staging(session, session.InputMetadata["image"].ElementDataType);
        foreach (int batch in sizes)
        {
            using GraphRun run = GraphRun.Images(session, provider, package.Manifest.Architecture, batch);
            string what = $"{Name(precision)} batch {batch}: images per second";
            double first = First(run);
            double rate = Rate($"{what}, graph alone", package, batch, GraphRun.Time(run.OnCard, seconds), first);
            if (precision == Precision.Fp16 && rate > _best.Rate)
                _best = (rate, batch);
            Rate($"{what}, inputs from the machine's memory", package, batch, GraphRun.Time(run.FromHost, seconds));
            if (precision == Precision.Fp16) // the product's: bytes in pinned memory
            {
                run.Stage(staging);
                double host = Rate($"{what}, inputs from pinned memory", package, batch, GraphRun.Time(run.FromHost, seconds));
                double cost = 1 - host / rate;
                _rows.Add(Row.Of($"fp16 batch {batch}: cost of inputs in pinned memory", $"{100 * cost:F1} %", "<= 3 %", cost <= 0.03));
            }

            _rows.Add(Row.Of($"{Name(precision)} batch {batch}: memory of the card", $"{Card.UsedGiB():F1} GiB"));
        }
    }

    private void Variant(CudaVariants.Variant variant)
    {
        Precision precision = variant.Cuda.ContainsKey("use_tf32") ? Precision.Fp32 : Precision.Fp16;
        ModelPackage package = Package(precision);
        foreach (int batch in (int[])[1, 16])
        {
            // A new session per batch size: a CUDA graph supports only one shape.
            using InferenceSession session = CudaVariants.Open(variant, package.PathOf(ModelPackage.ImageGraph));
            using GraphRun run = GraphRun.Images(session, provider, package.Manifest.Architecture, batch);
            double first = First(run);
            string what = $"{variant.Name}, {Name(precision)} batch {batch}: images per second, graph alone";
            Rate(what, package, batch, GraphRun.Time(run.OnCard, seconds), first);
        }
    }

    private void Summary()
    {
        double share = _best.Rate * Work.PerImage(Package(Precision.Fp16).Manifest) / _products[Precision.Fp16];
        bool fast = _best.Rate >= RateGoal;
        _rows.Add(Row.Of($"fp16 at its best batch, {_best.Batch}: images per second", $"{_best.Rate:F0}", ">= 475", fast));
        _rows.Add(Row.Of("fp16 at its best batch: share of the products' rate", $"{100 * share:F0} %", ">= 60 %", share >= ShareGoal));
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
        string cold = first is { } one ? FormattableString.Invariant($"; first run {1000 * one:F0} ms") : "";
        string of = FormattableString.Invariant($"{100 * share:F0} % of the products' rate");
        _rows.Add(Row.Of(what, $"{rate:F1}", $"{batch / sorted[^1]:F1} - {batch / sorted[0]:F1}{cold}", of));
        return rate;
    }

    private ModelPackage Package(Precision precision) => ModelPackage.Open(FullSizeModel.Package(scratch, precision));

    private static string Name(Precision precision) => precision.ToString().ToLowerInvariant();
}
