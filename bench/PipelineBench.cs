using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Import.Packages;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>Latency and throughput from upload to result, and the overhead of the pipeline over scoring alone.</summary>
internal static class PipelineBench
{
    private const int Singles = 48,
        Burst = 400,
        FullImages = 32,
        FullRounds = 2;

    /// <summary>Measures in a separate process, so that models of other benches are not in memory.</summary>
    public static int RunChild(string scratch, bool save)
    {
        using Process child = Process.Start(
            Environment.ProcessPath!,
            ["pipeline", "--scratch", scratch, .. save ? (string[])["--save"] : []]
        ); // not null: a bench runs from its own executable
        child.WaitForExit();
        return child.ExitCode;
    }

    public static async Task<int> RunAsync(string scratch, bool small, bool save, CancellationToken cancellation)
    {
        List<Row> rows = [];
        await using (PipelineSite site = await PipelineSite.StartAsync(Demo(scratch), cancellation))
        {
            byte[][] images = [.. Enumerable.Range(0, 20).Select(seed => ImageEncoder.Jpeg(TestImages.Inspection(640, 480, seed)))];
            await site.PassAsync(images, TimeSpan.FromSeconds(1), cancellation); // warm-up
            rows.AddRange(await IdleAsync(site, images, cancellation));
            rows.AddRange(await LoadAsync(site, images, cancellation));
            rows.Add(await JudgeAsync(site, Recalibrated(Demo(scratch)), cancellation));
            rows.Add(await PriorityAsync(site, images, cancellation));
        }

        if (!small)
            await using (PipelineSite site = await PipelineSite.StartAsync(FullSizeModel.Package(scratch, Precision.Int8), cancellation))
            {
                rows.Add(await CostAsync(site, cancellation));
                rows.Add(await RescoreAsync(site, Recalibrated(FullSizeModel.Package(scratch, Precision.Int8)), cancellation));
            }

        Report report = new()
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = Machine.Describe(),
            Runtime =
                $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, .NET {Environment.Version}, Azurite on disk, all on this machine",
            GflopPerSecond = Math.Round(Machine.GflopPerSecond(scratch)),
            Rows = rows,
        };
        Table.Write(report, []);
        if (save)
            await report.SaveAsync("pipeline", cancellation);
        return 0;
    }

    // Copies the demo model, because a second version is written beside it.
    internal static string Demo(string scratch)
    {
        string folder = Path.Combine(scratch, "demo"),
            demo = Path.Combine(ScoringBench.Root, "models", "demo");
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(demo, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(demo, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // not null: a file has a folder
            File.Copy(file, copy, overwrite: true);
        }

        return folder;
    }

    private static async Task<IEnumerable<Row>> IdleAsync(PipelineSite site, byte[][] images, CancellationToken cancellation)
    {
        double[] seconds = await SinglesAsync(site, images, cancellation);
        return [Latency("idle: drop to result, p50", seconds, 0.5, 500), Latency("idle: drop to result, p95", seconds, 0.95, 1000)];
    }

    private static async Task<IEnumerable<Row>> LoadAsync(PipelineSite site, byte[][] images, CancellationToken cancellation)
    {
        byte[][] burst = [.. Enumerable.Range(0, Burst).Select(i => images[i % images.Length])];
        double before = await ScoreAsync(site.Model, images, cancellation);
        site.BeginProcessor();
        (double[] latencies, double seconds) = await site.PassAsync(burst, TimeSpan.FromMilliseconds(500), cancellation);
        (double host, double worker, double azurite) = site.ProcessorTime();
        double after = await ScoreAsync(site.Model, images, cancellation);
        double alone = (before + after) / 2 / images.Length * Burst;
        double rate = Burst / seconds,
            image = (host + worker + azurite) / Burst;
        (double look, double row) = await site.IndexAsync(cancellation);
        double index = 100 * (look + row) / image;
        return
        [
            new($"{Burst} at once: images per second", FormattableString.Invariant($"{rate:F1}"), "", ">= 15", rate >= 15, ""),
            new(
                $"{Burst} at once: processor time an image, host and bench, worker, Azurite",
                FormattableString.Invariant($"{host / Burst:F0}, {worker / Burst:F0}, {azurite / Burst:F0} ms"),
                "",
                "",
                null,
                ""
            ),
            new(
                FormattableString.Invariant(
                    $"{Burst} at once: the results index, of that ({look:F1} ms for the look, {row:F1} ms for the row)"
                ),
                FormattableString.Invariant($"{index:F1} %"),
                "",
                "<= 5 %",
                index <= 5,
                ""
            ),
            Latency($"{Burst} at once: drop to result, p50", latencies, 0.5, null),
            Latency($"{Burst} at once: drop to result, p95", latencies, 0.95, null),
            new(
                $"{Burst} at once: share of the time that is not scoring",
                FormattableString.Invariant($"{100 * (1 - alone / seconds):F0} %"),
                "",
                "",
                null,
                ""
            ),
        ];
    }

    // Alternates the two measurements, so that a machine that slows down affects both.
    private static async Task<Row> CostAsync(PipelineSite site, CancellationToken cancellation)
    {
        byte[][] images = [.. Enumerable.Range(0, FullImages).Select(seed => ImageEncoder.Jpeg(TestImages.Inspection(640, 480, seed)))];
        await site.PassAsync(images[..1], TimeSpan.FromMilliseconds(100), cancellation); // warm-up
        List<double> ratios = [];
        double alone = 0,
            through = 0;
        for (int round = 0; round < FullRounds; round++)
        {
            Console.Error.WriteLine($"Full size, round {round + 1} of {FullRounds}");
            double one = await ScoreAsync(site.Model, images, cancellation);
            (_, double other) = await site.PassAsync(images, TimeSpan.FromSeconds(1), cancellation);
            ratios.Add(100 * (other / one - 1));
            (alone, through) = (alone + one, through + other);
        }

        double cost = 100 * (through / alone - 1);
        return new(
            FormattableString.Invariant($"full-size int8: cost over scoring alone ({alone / FullRounds / FullImages:F2} s an image)"),
            FormattableString.Invariant($"{cost:F1} %"),
            FormattableString.Invariant($"{ratios.Min():F1} - {ratios.Max():F1} %"),
            "<= 5 %",
            cost <= 5,
            ""
        );
    }

    // A second version of the package with the same weights.
    internal static string Recalibrated(string package)
    {
        string folder = package + "-recalibrated";
        if (!Directory.Exists(folder))
            ModelImporter.Recalibrate(
                ModelPackage.Open(package),
                new Dictionary<string, Calibration> { ["*"] = Calibration.Neutral(4) with { Threshold = 0.6 } },
                folder
            );
        return folder;
    }

    private static async Task<Row> JudgeAsync(PipelineSite site, string package, CancellationToken cancellation)
    {
        (double seconds, long images) = await site.RescoreAsync(package, RescoreMode.Threshold, null, cancellation);
        return new(
            $"rescoring, mode threshold: images per second, of {images}",
            FormattableString.Invariant($"{images / seconds:F0}"),
            "",
            ">= 100",
            images / seconds >= 100,
            ""
        );
    }

    // Measures the idle pipeline directly before the busy one, because other processes may use the machine.
    private static async Task<Row> PriorityAsync(PipelineSite site, byte[][] images, CancellationToken cancellation)
    {
        const int Waiting = 5000;
        double[] idle = await SinglesAsync(site, images, cancellation);
        await site.QueueBulkAsync(Waiting, cancellation);
        double[] busy = await SinglesAsync(site, images, cancellation);
        int left = await site.BulkAsync(cancellation);
        if (left == 0)
            throw new InvalidOperationException(
                $"The job's {Waiting} images were all scored before the new ones: this measured nothing; take more."
            );
        double ratio = At(busy, 0.95) / At(idle, 0.95);
        return new(
            $"{Waiting} images of a job queued, {left} left at the end: new image's p95 against idle",
            FormattableString.Invariant($"{ratio:F2} x"),
            string.Create(
                CultureInfo.InvariantCulture,
                $"{1000 * At(idle, 0.95):F0} -> {1000 * At(busy, 0.95):F0} ms; p50 {1000 * At(idle, 0.5):F0} -> "
                    + $"{1000 * At(busy, 0.5):F0} ms"
            ),
            "<= 2 x",
            ratio <= 2,
            ""
        );

        static double At(double[] sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
    }

    private static async Task<double[]> SinglesAsync(PipelineSite site, byte[][] images, CancellationToken cancellation)
    {
        Random random = new(1);
        double[] seconds = new double[Singles];
        for (int i = 0; i < Singles; i++)
        {
            await Task.Delay(random.Next(200, 700), cancellation); // random times relative to the polling intervals
            (double[] latencies, _) = await site.PassAsync([images[i % images.Length]], TimeSpan.FromMilliseconds(5), cancellation);
            seconds[i] = latencies[0];
        }

        Array.Sort(seconds);
        return seconds;
    }

    // Rescores the images of the overhead measurement with another version of the model; loading it is not counted.
    private static async Task<Row> RescoreAsync(PipelineSite site, string package, CancellationToken cancellation)
    {
        byte[][] images = [.. Enumerable.Range(0, FullImages).Select(seed => ImageEncoder.Jpeg(TestImages.Inspection(640, 480, seed)))];
        await site.RescoreAsync(package, RescoreMode.Full, "line1/000001", cancellation); // warm-up
        double before = await ScoreAsync(site.Model, images, cancellation);
        (double seconds, long count) = await site.RescoreAsync(package, RescoreMode.Full, null, cancellation);
        double after = await ScoreAsync(site.Model, images, cancellation);
        double plain = (before + after) / 2 / images.Length,
            job = seconds / (count - 1); // one was already rescored
        return new(
            FormattableString.Invariant($"full-size int8: rescoring {count - 1} images, of plain scoring's throughput"),
            FormattableString.Invariant($"{100 * plain / job:F0} %"),
            FormattableString.Invariant($"{plain:F2} -> {job:F2} s an image"),
            ">= 90 %",
            plain / job >= 0.9,
            ""
        );
    }

    /// <summary>Does the work of `aaclip score` for each image: decode, score, judge, draw.</summary>
    /// <returns>Seconds for all images.</returns>
    private static async Task<double> ScoreAsync(LoadedModel model, byte[][] images, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        float[] anchors = model.AnchorsOf(CameraProfile.Default.Class);
        foreach (byte[] bytes in images)
            await Throughput.ScoreAsync(model, bytes, anchors, cancellation);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static Row Latency(string what, double[] sorted, double quantile, double? target)
    {
        double value = 1000 * sorted[(int)Math.Ceiling(quantile * sorted.Length) - 1];
        return new(
            what,
            FormattableString.Invariant($"{value:F0} ms"),
            FormattableString.Invariant($"{1000 * sorted[0]:F0} - {1000 * sorted[^1]:F0} ms"),
            target is { } t ? FormattableString.Invariant($"<= {t:F0} ms") : "",
            target is { } limit ? value <= limit : null,
            ""
        );
    }
}
