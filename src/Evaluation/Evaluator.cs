using AaClip.Evaluation.DataSets;
using AaClip.Evaluation.Metrics;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;

namespace AaClip.Evaluation;

/// <summary>
/// Measures a model on a data set, one class at a time, so that memory holds the pixels of only one class (specification 4.3): 1. score
/// every image; 2. pixel metrics; 3. image metrics, by the published protocol and by the scores of a service.
/// </summary>
public static class Evaluator
{
    /// <summary>Runs the evaluation.</summary>
    /// <param name="scored">Called after each image, with its scores.</param>
    /// <param name="references">Patches that all images are compared with; null for none.</param>
    /// <exception cref="InvalidDataException">
    /// The model returned NaN or infinite values, or the references do not fit to a class or the model.
    /// </exception>
    /// <exception cref="ImageRejectedException">An image cannot be read; the message names it.</exception>
    public static IEnumerable<ClassReport> Run(
        AnomalyScorer scorer,
        DataSet data,
        Action<LabelledImage, ImageScore>? scored = null,
        ReferencePatches? references = null,
        CancellationToken cancellation = default
    )
    {
        foreach (IGrouping<string, LabelledImage> group in data.Images.GroupBy(i => i.ClassName))
            yield return references?.MisfitOf(scorer.Model, group.Key, null) is { } misfit
                ? throw new InvalidDataException(references.Explain(misfit, scorer.Model, group.Key, null))
                : Class(scorer, group.Key, data.Domain, [.. group], scored, references, cancellation);
    }

    private static ClassReport Class(
        AnomalyScorer scorer,
        string className,
        Domain domain,
        LabelledImage[] images,
        Action<LabelledImage, ImageScore>? scored,
        ReferencePatches? references,
        CancellationToken cancellation
    )
    {
        // 1. Scores
        int size = scorer.Model.Architecture.ImageSize;
        float[] anchors = scorer.AnchorsOf(className);
        PixelScores pixels = new();
        MapRange range = new();
        List<(LabelledImage Image, float MapMax, float Detection)> results = [];
        List<UnusedMask> unused = [];
        foreach (LabelledImage image in images)
        {
            cancellation.ThrowIfCancellationRequested();
            RgbImage picture = ImageDecoder.Decode(File.ReadAllBytes(image.Path), image.Path, new DecodeOptions { Parity = true }).Image;
            ImageScore score = scorer.Score(picture, anchors, domain, references, cancellation);
            float[] map = score.Map.FullSize(size, size);
            range.Add(map);
            results.Add((image, score.MapMax, score.Detection));
            if (!image.Anomalous)
                pixels.Add(map, [], size);
            else if (image.MaskPath is { } path) // without a mask, the anomalous pixels are unknown
            {
                GroundTruth mask = GroundTruth.Read(path, picture.Width, picture.Height, size);
                if (mask.Fault is { } fault)
                    unused.Add(new UnusedMask(path, fault));
                else
                    pixels.Add(map, mask.Pixels, size);
            }

            scored?.Invoke(image, score);
        }

        // 2. Pixel metrics
        PixelMetrics ofPixels = pixels.Measure();

        // 3. Image metrics
        double[] published = scorer.Model.Method.DetectionAlone
            ? [.. results.Select(r => (double)r.Detection)]
            : Combine(results.Select(r => r.MapMax), results.Select(r => r.Detection), range, domain);
        Calibration calibration = references?.Calibration ?? scorer.Model.CalibrationFor(className);
        double[] raw = [.. results.Select(r => calibration.Raw(r.MapMax, r.Detection, domain))];
        bool[] labels = [.. images.Select(i => i.Anomalous)];
        return new ClassReport
        {
            ClassName = className,
            Normal = labels.Count(l => !l),
            Anomalous = labels.Count(l => l),
            Pixels = ofPixels,
            UnusedMasks = unused,
            Published = ImageMetrics.Of(Ranking.Of([.. published.Select(s => (float)s)], labels)),
            PerImage = ImageMetrics.Of(Ranking.Of([.. raw.Select(s => (float)s)], labels)),
            Images =
            [
                .. results.Select((r, i) => new ScoredImage(r.Image.Path, r.Image.Anomalous, r.MapMax, r.Detection, raw[i], published[i])),
            ],
        };
    }

    /// <summary>
    /// The published combination: map maxima and detection scores are scaled to 0…1 over the class and averaged; for medical images the map
    /// maximum alone.
    /// </summary>
    internal static double[] Combine(IEnumerable<float> maxima, IEnumerable<float> detections, MapRange range, Domain domain)
    {
        float[] all = [.. detections];
        float least = all.Min(),
            most = all.Max();
        return
        [
            .. maxima.Zip(
                all,
                (max, detection) =>
                {
                    // Not scaled if the maximum is exactly 1, as in the published code
                    float map = range.Max == 1 ? max : Share(max, range.Min, range.Max);
                    float whole = most == 1 ? detection : Share(detection, least, most);
                    return domain == Domain.Medical ? map : 0.5 * map + 0.5 * whole;
                }
            ),
        ];

        // If all values are equal, the published code divides by zero; here the result is 0
        static float Share(float value, float low, float high) => high > low ? (value - low) / (high - low) : 0;
    }
}

/// <summary>Smallest and largest value of all maps of a class.</summary>
internal sealed class MapRange
{
    public float Min { get; private set; } = float.PositiveInfinity;

    public float Max { get; private set; } = float.NegativeInfinity;

    public void Add(ReadOnlySpan<float> map)
    {
        Min = Math.Min(Min, System.Numerics.Tensors.TensorPrimitives.Min(map));
        Max = Math.Max(Max, System.Numerics.Tensors.TensorPrimitives.Max(map));
    }
}
