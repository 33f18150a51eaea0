using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;

namespace AaClip.Bench;

/// <summary>
/// Measures the scorer as the product calls it: from decoded images of 640 x 480 to maps, including the resize on the CPU; and with inputs
/// that are ready, because the pipeline resizes the next images meanwhile.
/// </summary>
internal static class CudaScorer
{
    /// <param name="ready">Is told the images per second with ready inputs, for each batch size.</param>
    public static IEnumerable<Row> Rows(string model, string provider, int[] batches, double seconds, Action<int, double> ready)
    {
        RgbImage[] images = [.. Enumerable.Range(0, batches.Max()).Select(seed => TestImages.Inspection(640, 480, seed))];
        float[] anchors = Anchors(ModelPackage.Open(model).Manifest.Architecture.Embed);
        Provider wanted = Enum.Parse<Provider>(provider, ignoreCase: true);
        foreach (int batch in batches)
        {
            ScorerOptions options = new() { Provider = wanted, Verify = false };
            using AnomalyScorer scorer = AnomalyScorer.Load(model, options);
            double[] whole = GraphRun.Time(
                () =>
                {
                    ModelInput[] made = Prepare(scorer, images, batch, anchors);
                    scorer.Score(made);
                    Array.ForEach(made, i => i.Dispose());
                },
                seconds
            );
            yield return Rate($"scorer, batch {batch}", batch, whole);
            ModelInput[] some = Prepare(scorer, images, batch, anchors);
            double[] scored = GraphRun.Time(() => scorer.Score(some), seconds);
            ready(batch, batch / ScoringBench.Median(scored));
            yield return Rate($"scorer, inputs ready, batch {batch}", batch, scored);
            if (batch > 1)
                yield return AloneAndTogether(scorer, some);
        }

        foreach (Row row in Preprocessing(images, seconds))
            yield return row;
    }

    private static ModelInput[] Prepare(AnomalyScorer scorer, RgbImage[] images, int count, float[] anchors)
    {
        ModelInput[] inputs = new ModelInput[count];
        Parallel.For(0, count, i => inputs[i] = scorer.Prepare(images[i], anchors, Domain.Industrial));
        return inputs;
    }

    private static Row Rate(string what, int batch, double[] found) =>
        Row.Of($"{what}: images per second", $"{batch / ScoringBench.Median(found):F1}", $"{batch / found[^1]:F1} - {batch / found[0]:F1}");

    // A score must not depend on the other images of the batch.
    private static Row AloneAndTogether(AnomalyScorer scorer, ModelInput[] images)
    {
        Measurement together = Measured(scorer.Score(images)),
            alone = Measured([.. images.Select(i => scorer.Score([i])[0])]);
        return Row.Of(
            $"scorer, batch {images.Length}: largest difference of a map from the image scored alone, of the maps' range",
            $"{100 * Agreement.MapError(alone, together):G3} %"
        );

        static Measurement Measured(IReadOnlyList<ImageScore> scores) =>
            new()
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
        double[] serial = GraphRun.Time(
            () =>
            {
                for (int i = 0; i < images.Length; i++)
                    Write(i);
            },
            seconds
        );
        yield return Row.Of(
            "resizing and normalising, one image after the other: images per second",
            $"{images.Length / ScoringBench.Median(serial):F1}"
        );
        double[] parallel = GraphRun.Time(() => Parallel.For(0, images.Length, Write), seconds);
        yield return Row.Of(
            $"resizing and normalising, {images.Length} images at once: images per second",
            $"{images.Length / ScoringBench.Median(parallel):F1}"
        );
    }

    private static float[] Anchors(int embed)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, 2 * embed).Select(_ => (random.NextSingle() - 0.5f) / 14)]; // columns of about unit length
    }
}
