using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>
/// How near the full-size model comes to what this machine can do: the rates of the tower's matrix products and attentions alone, in the
/// same runtime and the same minute, give the shortest time for an image. Also the memory's rate, and where the time of a run goes.
/// </summary>
internal static class LimitBench
{
    private const double Fp32Goal = 0.9,
        Int8Goal = 0.7;
    private const int CopyMiB = 512;

    public static async Task<int> RunAsync(string scratch, int rounds, double seconds, bool save, CancellationToken cancellation)
    {
        Directory.CreateDirectory(scratch);
        List<Row> rows = [];
        foreach (Precision precision in (Precision[])[Precision.Fp32, Precision.Int8])
            rows.AddRange(Measure(scratch, precision, rounds, seconds, cancellation));
        rows.Add(Row.Of("memory: copying 512 MiB with all cores, read and written", $"{Copy(seconds):F1} GB/s"));
        Report report = new()
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = Machine.Describe(),
            Runtime = $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, .NET {Environment.Version}; bench limit, random weights",
            GflopPerSecond = 0,
            Rows = rows,
        };
        Table.Write(report, []);
        if (save)
            await report.SaveAsync("limit", cancellation);
        return 0;
    }

    private static IEnumerable<Row> Measure(string scratch, Precision precision, int rounds, double seconds, CancellationToken cancellation)
    {
        string name = precision.ToString().ToLowerInvariant();
        ModelPackage package = ModelPackage.Open(FullSizeModel.Package(scratch, precision));
        ModelManifest model = package.Manifest;
        ModelArchitecture shape = model.Architecture;
        int tokens = shape.Grid * shape.Grid + 1,
            width = shape.Vision.Width,
            hidden = shape.Vision.MlpWidth;
        (string What, int Inner, int Columns)[] products =
        [
            ("q, k, v", width, 3 * width),
            ("output of the attention", width, width),
            ("MLP up", width, hidden),
            ("MLP down", hidden, width),
        ];
        Int8Kernel? kernel = precision == Precision.Int8 ? Int8Probe.ForThisMachine : null;
        Dictionary<string, double> best = [];
        List<double> images = [],
            shares = [];
        string path = package.PathOf(ModelPackage.ImageGraph);
        for (int round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            Console.Error.WriteLine($"{name}: round {round + 1} of {rounds}");
            Dictionary<string, double> now = [];
            foreach ((string what, int inner, int columns) in products)
                now[what] = Rate(
                    scratch,
                    p => ProductGraph.Write(p, inner, columns, precision),
                    kernel,
                    seconds,
                    2.0 * tokens * inner * columns,
                    tokens,
                    inner
                );
            now["attention"] = Rate(
                scratch,
                p => ProductGraph.WriteAttentions(p, tokens, width, shape.Vision.Heads, 1, Precision.Fp32),
                null,
                seconds,
                4.0 * tokens * tokens * width,
                1,
                tokens,
                width
            );
            using InferenceSession session = GraphRun.Sessions("cpu").Open(path, kernel);
            using GraphRun run = GraphRun.Images(session, "cpu", shape, batch: 1);
            double image = ScoringBench.Median(GraphRun.Time(run.OnCard, seconds, warm: 1, least: 2));
            images.Add(image);
            // The products of a block by their own rates; all others at the best of them
            double block = products.Sum(p => 2.0 * tokens * p.Inner * p.Columns / now[p.What]);
            double ofBlocks = shape.Levels.Max() * products.Sum(p => 2.0 * tokens * p.Inner * p.Columns);
            double rest = (Work.Products(model) - ofBlocks) / products.Max(p => now[p.What]);
            double limit = shape.Levels.Max() * block + rest + Work.Attentions(model) / now["attention"];
            shares.Add(limit / image);
            foreach ((string what, double rate) in now)
                best[what] = Math.Max(rate, best.GetValueOrDefault(what));
        }

        foreach ((string what, double rate) in best)
            yield return Row.Of($"{name}: {what} alone, best", $"{rate / 1e9:F0} GFLOP/s");
        double[] sorted = [.. shares.Order()];
        double median = ScoringBench.Median(sorted);
        double goal = precision == Precision.Fp32 ? Fp32Goal : Int8Goal;
        double[] times = [.. images.Order()];
        double rateOfAll = Work.PerImage(model) / ScoringBench.Median(times);
        double peak = products.Max(p => best[p.What]);
        yield return Row.Of($"{name}: image graph", $"{ScoringBench.Median(times):F2} s", $"{times[0]:F2} s - {times[^1]:F2} s");
        yield return Row.Of(
            $"{name}: image graph, share of the time that its products and attentions alone take",
            $"{100 * median:F0} %",
            FormattableString.Invariant($">= {100 * goal:F0} %"),
            median >= goal,
            $"{100 * sorted[0]:F0} % - {100 * sorted[^1]:F0} %"
        );
        yield return Row.Of(
            $"{name}: image graph, operations per second as a share of the best {name} product",
            $"{100 * rateOfAll / peak:F0} %"
        );
        Dictionary<string, double> profile = RunProfile.Measure(scratch, package, kernel, runs: 3);
        string parts = string.Join(", ", RunProfile.Names.Select(n => FormattableString.Invariant($"{n} {100 * profile[n]:F0} %")));
        yield return new Row($"{name}: where the time goes", parts, "", "", null, "");
    }

    // Operations per second of a graph with one node.
    private static double Rate(
        string scratch,
        Action<string> write,
        Int8Kernel? kernel,
        double seconds,
        double operations,
        params long[] shape
    )
    {
        string path = Path.Combine(scratch, $"limit-{Environment.ProcessId}.onnx");
        try
        {
            write(path);
            using InferenceSession session = GraphRun.Sessions("cpu").Open(path, kernel);
            using GraphRun run = GraphRun.Chain(session, "cpu", shape);
            return operations / GraphRun.Time(run.OnCard, seconds / 4, least: 10)[0];
        }
        finally
        {
            File.Delete(path);
            File.Delete(Path.ChangeExtension(path, ".weights"));
        }
    }

    // Bytes per second in both directions, in GB/s; the best of several copies.
    private static double Copy(double seconds)
    {
        byte[] from = new byte[CopyMiB << 20],
            to = new byte[CopyMiB << 20];
        new Random(1).NextBytes(from);
        int parts = Environment.ProcessorCount;
        int length = from.Length / parts;
        double[] found = GraphRun.Time(
            () => Parallel.For(0, parts, i => Buffer.BlockCopy(from, i * length, to, i * length, length)),
            seconds
        );
        return 2.0 * parts * length / found[0] / 1e9;
    }
}
