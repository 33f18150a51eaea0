using System.Diagnostics;
using System.Globalization;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;

namespace AaClip.Bench;

/// <summary>Peak memory for large images: as many at once as the pipeline holds, from the file's bytes to the heatmap.</summary>
internal static class MemoryBench
{
    private static readonly string[] Kinds = ["JPEG", "PNG"];

    /// <summary>Prints a table; each file format is measured in a separate process.</summary>
    /// <param name="images">Number of images at once.</param>
    /// <param name="megapixels">Size of each image.</param>
    public static int Run(string scratch, int images, int megapixels)
    {
        Directory.CreateDirectory(scratch);
        Console.WriteLine($"{images} images of {megapixels} megapixels at once, on {Environment.ProcessorCount} processors");
        foreach (string kind in Kinds)
        {
            string file = Path.Combine(scratch, $"large-{megapixels}.{kind}");
            if (!File.Exists(file))
                Run("memory-child", "write", kind, file, megapixels.ToString(CultureInfo.InvariantCulture));
            Run("memory-child", "measure", kind, file, images.ToString(CultureInfo.InvariantCulture));
        }

        return 0;
    }

    /// <summary>Runs the child process: writes the file, or measures with it.</summary>
    public static int Child(string task, string kind, string file, int number)
    {
        if (task == "measure")
            return Measure(kind, file, number);
        int side = (int)Math.Sqrt(number * 1e6);
        RgbImage picture = TestImages.Inspection(side, side, seed: 1);
        File.WriteAllBytes(file, kind == "JPEG" ? ImageEncoder.Jpeg(picture, 70) : ImageEncoder.Png(Smooth(picture)));
        return 0;
    }

    private static int Measure(string kind, string file, int images)
    {
        string package = Path.Combine(ScoringBench.Root, "models", "demo");
        LimitsOptions limits = new();
        using AnomalyScorer scorer = AnomalyScorer.Load(package, new ScorerOptions { Provider = Provider.Cpu });
        Calibration calibration = scorer.Model.CalibrationFor("key");
        float[] anchors = scorer.AnchorsOf("key");
        object model = new(); // lock: one model run at a time, as in the pipeline
        double before = Machine.PeakGiB();
        long start = Stopwatch.GetTimestamp();
        using Barrier together = new(images);
        Thread[] threads = [.. Enumerable.Range(0, images).Select(_ => new Thread(One))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{kind} of {new FileInfo(file).Length / 1e6:F0} MB: peak {Machine.PeakGiB():F2} GiB ({before:F2} before), "
                    + $"{Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s"
            )
        );
        return 0;

        void One()
        {
            (ModelInput input, RgbImage photo, int width, int height) = Prepare();
            together.SignalAndWait(); // all wait for the model before the first one is drawn
            ImageScore score;
            lock (model)
                score = scorer.Score([input])[0];
            input.Dispose();
            Judgement judged = Judgement.Of(score.Map, score.Detection, CameraProfile.Default, calibration, width, height);
            Heatmap.DrawOver(photo, judged.Map, judged.Scale);
            _ = ImageEncoder.Jpeg(photo);
            together.SignalAndWait();
            GC.KeepAlive(photo);
        }

        (ModelInput Input, RgbImage Photo, int Width, int Height) Prepare()
        {
            byte[] bytes = File.ReadAllBytes(file);
            RgbImage image = ImageDecoder.Decode(bytes, file).Image;
            BlankImage.Refuse(image, file, scorer.Model.Architecture.Patch);
            RgbImage photo = BoxAverage.Shrink(image, limits.HeatmapSide);
            return (scorer.Prepare(image, anchors, Domain.Industrial), photo, image.Width, image.Height);
        }
    }

    // Removes the noise, so that a PNG of that size stays below the limit for file sizes.
    private static RgbImage Smooth(RgbImage picture)
    {
        byte[] pixels = [.. picture.Pixels.Select(v => (byte)(v & 0xE0))];
        return new RgbImage(picture.Width, picture.Height, pixels);
    }

    private static void Run(params string[] arguments)
    {
        using Process child = Process.Start(Environment.ProcessPath!, arguments); // not null: a bench runs from its own executable
        child.WaitForExit();
        if (child.ExitCode != 0)
            throw new InvalidOperationException($"Measuring memory ended with exit code {child.ExitCode}.");
    }
}
