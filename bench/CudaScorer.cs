using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;

namespace AaClip.Bench;

/// <summary>The scorer as the product calls it: decoded images of 640 x 480 in, maps out, resizing by the processor included.</summary>
internal static class CudaScorer
{
    public static IEnumerable<Row> Rows(string model, Provider provider, int[] batches, double seconds)
    {
        RgbImage[] images = [.. Enumerable.Range(0, batches.Max()).Select(seed => TestImages.Inspection(640, 480, seed))];
        foreach (int batch in batches)
        {
            using AnomalyScorer scorer = AnomalyScorer.Load(model, new ScorerOptions { Provider = provider, CudaBatch = batch, Verify = false });
            ImageToScore[] some = [.. images.Take(batch).Select(i => new ImageToScore(i, Anchors(scorer), Domain.Industrial))];
            double[] found = GraphRun.Time(() => scorer.Score(some), seconds);
            yield return new Row($"scorer, batch {batch}: images per second", Rate(batch, ScoringBench.Median(found)), $"{Rate(batch, found[^1])} - {Rate(batch, found[0])}", "", null, "");
            if (batch > 1)
                yield return AloneAndTogether(scorer, some);
        }

        foreach (Row row in Preprocessing(images, seconds))
            yield return row;
    }

    // A score must not depend on the other images of a run.
    private static Row AloneAndTogether(AnomalyScorer scorer, ImageToScore[] images)
    {
        Measurement together = Measured(scorer.Score(images)), alone = Measured([.. images.Select(i => scorer.Score([i])[0])]);
        return new Row($"scorer, batch {images.Length}: largest difference of a map from the image scored alone, of the maps' range",
            FormattableString.Invariant($"{100 * Agreement.MapError(alone, together):G3} %"), "", "", null, "");

        static Measurement Measured(IReadOnlyList<ImageScore> scores) => new()
        {
            Variant = "",
            LoadSeconds = 0,
            FirstScoreSeconds = 0,
            ImageSeconds = [],
            PeakGiB = 0,
            Detections = [.. scores.Select(s => s.Detection)],
            Maps = [.. scores.Select(s => s.Map.Raw.ToArray())],
        };
    }

    private static IEnumerable<Row> Preprocessing(RgbImage[] images, double seconds)
    {
        Preprocessor preprocessor = new(new Preprocessing());
        float[] input = new float[images.Length * preprocessor.Length];
        void Write(int i) => preprocessor.Write(images[i], input.AsSpan(i * preprocessor.Length, preprocessor.Length));
        double[] serial = GraphRun.Time(() => { for (int i = 0; i < images.Length; i++) Write(i); }, seconds);
        yield return new Row("resizing and normalising, one image after the other: images per second", Rate(images.Length, ScoringBench.Median(serial)), "", "", null, "");
        double[] parallel = GraphRun.Time(() => Parallel.For(0, images.Length, Write), seconds);
        yield return new Row($"resizing and normalising, {images.Length} images at once: images per second", Rate(images.Length, ScoringBench.Median(parallel)), "", "", null, "");
    }

    private static float[] Anchors(AnomalyScorer scorer)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, 2 * scorer.Model.Architecture.Embed).Select(_ => (random.NextSingle() - 0.5f) / 14)]; // about unit columns
    }

    private static string Rate(int images, double seconds) => FormattableString.Invariant($"{images / seconds:F1}");
}
