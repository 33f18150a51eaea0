using System.Diagnostics;
using System.Text.Json;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;

namespace AaClip.Bench;

/// <summary>Measures one variant in a separate process, so that its peak memory can be measured.</summary>
internal static class ScoreChild
{
    /// <param name="kernel">Kernel of an int8 package; empty takes the one for this machine.</param>
    /// <param name="images">Number of timed images, after one for warm-up.</param>
    public static int Run(string variant, string model, bool mapped, string kernel, int images, string provider, string output)
    {
        long start = Stopwatch.GetTimestamp();
        using AnomalyScorer scorer = AnomalyScorer.Load(
            model,
            new ScorerOptions
            {
                Provider = Enum.Parse<Provider>(provider, ignoreCase: true),
                MemoryMapped = mapped,
                Verify = !mapped,
                Int8Kernel = kernel.Length > 0 ? Enum.Parse<Int8Kernel>(kernel) : null,
            }
        );
        double load = Stopwatch.GetElapsedTime(start).TotalSeconds;
        float[] anchors = new float[2 * scorer.Model.Architecture.Embed];
        Random random = new(3);
        for (int i = 0; i < anchors.Length; i++)
            anchors[i] = (random.NextSingle() - 0.5f) / 14; // columns of about unit length; the text tower is not measured

        double first = 0;
        double[] seconds = new double[images];
        float[] detections = new float[images];
        float[][] maps = new float[images][];
        for (int i = -1; i < images; i++)
        {
            RgbImage image = TestImages.Inspection(640, 480, seed: Math.Max(i, 0));
            start = Stopwatch.GetTimestamp();
            ImageScore score = scorer.Score(image, anchors, Domain.Industrial);
            if (i < 0)
            {
                first = (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds;
                continue;
            }

            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            detections[i] = score.Detection;
            maps[i] = score.Map.Raw.ToArray();
        }

        Measurement measured = new()
        {
            Variant = variant,
            LoadSeconds = load,
            FirstScoreSeconds = first,
            ImageSeconds = seconds,
            PeakGiB = Machine.PeakGiB(),
            Detections = detections,
            Maps = maps,
        };
        File.WriteAllText(output, JsonSerializer.Serialize(measured, BenchJson.Default.Measurement));
        return 0;
    }
}
