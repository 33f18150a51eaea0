using AaClip.Cli.Demo;
using AaClip.Cli.Model;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Sessions;

namespace AaClip.Cli.Size;

/// <summary>What one replica scores.</summary>
/// <param name="PerSecond">Images per second.</param>
/// <param name="Model">"name@version" of the model; null if nothing was measured, as for what follows.</param>
/// <param name="Provider">"cpu", "cuda" or "tensorrt".</param>
/// <param name="Images">Images that were scored.</param>
/// <param name="Seconds">Time they took.</param>
/// <param name="Pictures">What was scored.</param>
internal sealed record MeasuredReplica(double PerSecond, string? Model, string? Provider, int Images, double Seconds, string? Pictures)
{
    private const int Kept = 64; // images of --images
    private const int Scale = 4; // of drawn plates
    private const int Drawn = 8;

    /// <summary>A number that the caller knows.</summary>
    public static MeasuredReplica Given(double perSecond) => new(perSecond, null, null, 0, 0, null);

    /// <summary>Measures this machine as a worker, without storage.</summary>
    /// <param name="folder">The model package.</param>
    /// <param name="images">A file, folder or glob; null draws images.</param>
    public static async Task<MeasuredReplica> MeasureAsync(
        string folder,
        string? images,
        TimeSpan duration,
        Provider provider,
        CancellationToken cancellation
    )
    {
        using ProgressLine progress = new();
        Lock line = new();
        byte[][] pictures = images is null ? Draw() : [.. ImageFiles.Find([images]).Take(Kept).Select(f => File.ReadAllBytes(f.Path))];
        progress.Show("Loading the model", 0, 1);
        await using LoadedModel model = LoadedModel.Of(
            AnomalyScorer.Load(folder, new ScorerOptions { Provider = provider, Logger = new ConsoleLogger(progress) })
        );
        // On CPU the model runs one image at a time, and the others are decoded and drawn meanwhile
        int together = model.Provider != "cpu" ? new LimitsOptions().MaxImagesInMemory : Environment.ProcessorCount + 1;
        await Throughput.MeasureAsync(model, pictures, together, TimeSpan.FromTicks(1), null, cancellation); // warm-up: one each
        TimeProvider time = TimeProvider.System;
        long start = time.GetTimestamp();
        Throughput measured = await Throughput.MeasureAsync(model, pictures, together, duration, Show, cancellation);
        return new(
            measured.PerSecond,
            model.Id,
            model.Provider,
            measured.Images,
            measured.Elapsed.TotalSeconds,
            images ?? FormattableString.Invariant($"drawn, {Scale * DrawnPlate.Width} x {Scale * DrawnPlate.Height} pixels")
        );

        void Show(int scored)
        {
            TimeSpan left = duration - time.GetElapsedTime(start);
            lock (line)
                progress.Show(
                    FormattableString.Invariant($"Measuring, {scored} images:"),
                    (int)(duration - left).TotalSeconds,
                    Math.Max(2, (int)duration.TotalSeconds),
                    left: left > TimeSpan.Zero ? left : TimeSpan.Zero
                );
        }
    }

    // Plates of the demonstration, enlarged by repeating pixels, so that they take as long to decode as a camera's.
    private static byte[][] Draw()
    {
        return
        [
            .. Enumerable
                .Range(0, Drawn)
                .Select(i => ImageEncoder.Jpeg(Enlarge(DrawnPlate.Draw(i, i % 3 == 0 ? DrawnPlate.Flaw.Scratch : DrawnPlate.Flaw.None)))),
        ];

        static RgbImage Enlarge(RgbImage image)
        {
            (int width, int height) = (Scale * image.Width, Scale * image.Height);
            byte[] pixels = new byte[3 * width * height];
            for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                image.Pixels.AsSpan(3 * (y / Scale * image.Width + x / Scale), 3).CopyTo(pixels.AsSpan(3 * (y * width + x)));
            return new RgbImage(width, height, pixels);
        }
    }
}
