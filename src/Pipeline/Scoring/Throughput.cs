using System.Diagnostics;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Routing;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Scoring;

/// <summary>Measures how many images a worker of this machine scores, from their bytes to their pictures, without storage.</summary>
/// <param name="Images">Images that were scored.</param>
/// <param name="Elapsed">Time that passed.</param>
/// <param name="Processor">Processor time of this process meanwhile.</param>
public readonly record struct Throughput(int Images, TimeSpan Elapsed, TimeSpan Processor)
{
    private static readonly int HeatmapSide = new LimitsOptions().HeatmapSide;

    /// <summary>Images per second.</summary>
    public double PerSecond => Images / Elapsed.TotalSeconds;

    /// <summary>Processor time of one image.</summary>
    public TimeSpan ProcessorOfImage => Processor / Images;

    /// <summary>Scores images again and again for a time.</summary>
    /// <param name="images">Encoded images, as cameras store them; at least one.</param>
    /// <param name="together">Images that are in work at a time.</param>
    /// <param name="duration">Images that are in work at its end are finished and counted.</param>
    /// <param name="progress">Is told the number of images scored, from several threads; null for none.</param>
    /// <exception cref="ImageRejectedException">One of the images cannot be decoded.</exception>
    public static async Task<Throughput> MeasureAsync(
        LoadedModel model,
        IReadOnlyList<byte[]> images,
        int together,
        TimeSpan duration,
        Action<int>? progress,
        CancellationToken cancellation
    )
    {
        float[] anchors = model.AnchorsOf(CameraProfile.Default.Class);
        int count = 0;
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(
            0,
            together,
            new ParallelOptions { MaxDegreeOfParallelism = together, CancellationToken = cancellation },
            async (first, token) =>
            {
                for (int at = first; Stopwatch.GetElapsedTime(start) < duration; at++)
                {
                    await ScoreAsync(model, images[at % images.Count], anchors, token);
                    int scored = Interlocked.Increment(ref count);
                    progress?.Invoke(scored);
                }
            }
        );
        return new(count, Stopwatch.GetElapsedTime(start), Environment.CpuUsage.TotalTime - before);
    }

    /// <summary>A worker's work for one image, except for storage: decodes, scores, judges, and draws the heatmap and the map.</summary>
    public static async Task ScoreAsync(LoadedModel model, byte[] bytes, float[] anchors, CancellationToken cancellation)
    {
        RgbImage image = ImageDecoder.Decode(bytes, "the image").Image;
        RgbImage photo = BoxAverage.Shrink(image, HeatmapSide);
        ImageScore score = await model.ScoreAsync(image, anchors, Domain.Industrial, urgent: true, cancellation);
        Judgement judgement = Judgement.Of(
            score.Map,
            score.Detection,
            CameraProfile.Default,
            model.Manifest.CalibrationFor(CameraProfile.Default.Class),
            image.Width,
            image.Height
        );
        Heatmap.DrawOver(photo, judgement.Map, judgement.Scale);
        _ = ImageEncoder.Jpeg(photo);
        _ = ImageEncoder.Png16(score.Map.Side, score.Map.Side, QuantizedMap.Create(score.Map.Raw).Values);
    }
}
