using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring.Images;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>
/// What one image costs, against the size of the image, of the installation and of its past: each line should be flat, or in proportion to
/// the pixels. As a table and as a picture.
/// </summary>
internal static class GrowthBench
{
    private const int PassImages = 240,
        WarmUps = 2; // until the host's code is compiled for good: the first hundreds of images cost twice as much
    private const double Flat = 1.5, // cost at the largest size against the median of the others
        Linear = 1.3; // cost of a pixel of the largest image against that of a middle one
    private static readonly (int Width, int Height)[] Sizes = [(640, 480), (1280, 960), (2560, 1920), (4000, 3000), (8000, 6000)];
    private static readonly int[] Cameras = [1, 4, 16, 60, 240];
    private static readonly string?[] Jobs = ["of-1-", "of-1", "of-", null]; // prefixes of images: see CamerasAsync
    private static readonly int[] Past = [1_000, 10_000, 50_000];

    public static async Task<int> RunAsync(string scratch, bool save, CancellationToken cancellation)
    {
        List<Growth> series = [];
        await using (PipelineSite site = await PipelineSite.StartAsync(PipelineBench.Demo(scratch), cancellation))
        {
            series.Add(await PixelsAsync(site, cancellation));
            byte[][] images = [.. Enumerable.Range(0, PassImages).Select(seed => ImageEncoder.Jpeg(TestImages.Inspection(320, 240, seed)))];
            for (int i = 0; i < WarmUps; i++)
                await site.PassAsync(images, TimeSpan.FromSeconds(1), cancellation);
            series.Add(await CamerasAsync(site, images, cancellation));
            series.Add(await OfOneCameraAsync(site, images, cancellation));
            series.Add(await JobsAsync(site, scratch, cancellation));
        }

        series.Add(await QueriesAsync(cancellation));
        Report report = new()
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = Machine.Describe(),
            Runtime =
                $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, .NET {Environment.Version}, models/demo, Azurite on this machine",
            GflopPerSecond = 0,
            Rows = [.. series.SelectMany(Rows)],
        };
        Table.Write(report, []);
        string picture = GrowthPicture.Draw(series, report.Machine);
        if (!save)
            return 0;
        await report.SaveAsync("growth", cancellation);
        string path = Path.Combine(
            ScoringBench.Root,
            "bench",
            "results",
            FormattableString.Invariant($"growth-{report.At:yyyyMMdd-HHmm}.svg")
        );
        await File.WriteAllTextAsync(path, picture, cancellation);
        Console.WriteLine($"Kept as {Path.GetRelativePath(ScoringBench.Root, path)}");
        return 0;
    }

    // Decoding, scoring, judging and drawing one image after the other.
    private static async Task<Growth> PixelsAsync(PipelineSite site, CancellationToken cancellation)
    {
        List<(double, double)> points = [];
        foreach ((int width, int height) in Sizes)
        {
            Tell($"{width} x {height} pixels");
            byte[][] images = [ImageEncoder.Jpeg(TestImages.Inspection(width, height, seed: 1))];
            await Throughput.MeasureAsync(site.Model, images, 1, TimeSpan.FromTicks(1), null, cancellation);
            Throughput measured = await Throughput.MeasureAsync(site.Model, images, 1, TimeSpan.FromSeconds(3), null, cancellation);
            points.Add((width * height / 1e6, measured.ProcessorOfImage.TotalMilliseconds));
        }

        return new("megapixels of an image", "ms of processor time, without storage", points, InProportion: true);
    }

    private static async Task<Growth> CamerasAsync(PipelineSite site, byte[][] images, CancellationToken cancellation)
    {
        List<(double, double)> points = [];
        foreach (int cameras in Cameras)
        {
            Tell($"{cameras} cameras");
            points.Add((cameras, await PassAsync(site, images, i => $"of-{cameras}-{i % cameras}", cancellation)));
        }

        return new("cameras", "ms of processor time for an image, everything", points);
    }

    private static async Task<Growth> OfOneCameraAsync(PipelineSite site, byte[][] images, CancellationToken cancellation)
    {
        List<(double, double)> points = [];
        for (int pass = 0; pass < 6; pass++)
        {
            Tell($"{pass * images.Length} images of one camera");
            points.Add((Math.Max(1, pass * images.Length), await PassAsync(site, images, _ => "one", cancellation)));
        }

        return new("images that the camera has stored", "ms of processor time for an image, everything", points);
    }

    // Processor time of host, worker and Azurite for each image.
    private static async Task<double> PassAsync(
        PipelineSite site,
        byte[][] images,
        Func<int, string> camera,
        CancellationToken cancellation
    )
    {
        site.BeginProcessor();
        await site.PassAsync(images, TimeSpan.FromSeconds(3), cancellation, camera); // a look costs time too
        (double host, double worker, double azurite) = site.ProcessorTime();
        return (host + worker + azurite) / images.Length;
    }

    private static async Task<Growth> JobsAsync(PipelineSite site, string scratch, CancellationToken cancellation)
    {
        string package = PipelineBench.Recalibrated(PipelineBench.Demo(scratch));
        List<(double, double)> points = [];
        foreach (string? prefix in Jobs)
        {
            Tell($"a job over '{prefix}'");
            (double seconds, long images) = await site.RescoreAsync(package, RescoreMode.Threshold, prefix, cancellation);
            points.Add((images, 1000 * seconds / images));
        }

        return new("images of a threshold job", "ms for an image", points);
    }

    private static async Task<Growth> QueriesAsync(CancellationToken cancellation)
    {
        List<(double, double)> points = [];
        foreach (int size in Past)
        {
            Tell($"{size} results");
            points.Add((size, await IndexBench.NewestAsync(size, cancellation)));
        }

        return new("results in the index", "ms for the newest 50 of a camera, on Azurite", points);
    }

    private static IEnumerable<Row> Rows(Growth growth)
    {
        foreach ((double size, double cost) in growth.Points)
            yield return Row.Of($"{size:G4} {growth.Size}", $"{cost:G3} {growth.Cost}");
        if (growth.InProportion)
        {
            (double size, double cost) = growth.Points[^1];
            (double middle, double ofMiddle) = growth.Points[^2];
            double ratio = cost / size / (ofMiddle / middle);
            yield return Row.Of(
                $"  a pixel of the largest against one of the second largest",
                $"{ratio:F2}x",
                $"<= {Linear}x",
                ratio <= Linear
            );
        }
        else
        {
            double[] others = [.. growth.Points.SkipLast(1).Select(p => p.Cost).Order()];
            double ratio = growth.Points[^1].Cost / ScoringBench.Median(others);
            yield return Row.Of("  at the largest against the median of the others", $"{ratio:F2}x", $"<= {Flat}x", ratio <= Flat);
        }
    }

    private static void Tell(string what) => Console.Error.WriteLine(what);
}

/// <summary>Costs against a size.</summary>
/// <param name="Size">What grows.</param>
/// <param name="Cost">What is measured, with its unit.</param>
/// <param name="InProportion">Whether the cost may grow with the size; otherwise it should stay the same.</param>
internal sealed record Growth(string Size, string Cost, IReadOnlyList<(double Size, double Cost)> Points, bool InProportion = false);
