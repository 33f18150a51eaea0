using AaClip.Evaluation.Metrics;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Evaluation;

/// <summary>Uncalibrated scores of an image.</summary>
/// <param name="MapMin">Smallest value of its final map.</param>
/// <param name="MapMax">Largest value of its final map.</param>
/// <param name="Detection">The model's score of the whole image; of an image in tiles, the largest of them.</param>
/// <param name="Tiles">Map maximum and detection score of each tile; null if the image was scored whole.</param>
public readonly record struct Observed(
    float MapMin,
    float MapMax,
    float Detection,
    IReadOnlyList<(float MapMax, float Detection)>? Tiles = null
)
{
    /// <summary>The raw score on a scale; of an image in tiles, the highest of a tile.</summary>
    public double Raw(Calibration scale, Domain domain) =>
        Tiles?.Max(t => scale.Raw(t.MapMax, t.Detection, domain)) ?? scale.Raw(MapMax, Detection, domain);
}

/// <summary>A scale with its thresholds, and the measured or guaranteed error rates.</summary>
/// <param name="Calibration">For the package or the camera.</param>
/// <param name="FalseAlarms">
/// From normal images alone: an upper bound on the probability that a new normal image of the same kind is called anomalous. With defects:
/// the share of the given normal images that are called anomalous.
/// </param>
/// <param name="Found">Share of the given defects that are called anomalous; null without defects.</param>
/// <param name="Guaranteed">True if <paramref name="FalseAlarms"/> is a bound that holds for new images.</param>
public sealed record CalibrationResult(Calibration Calibration, double FalseAlarms, double? Found, bool Guaranteed);

/// <summary>
/// Chooses a scale and thresholds. The scale is the published one: minimum and maximum over the images (specification 4.3.1). Here it is
/// stored, instead of computed from a test set.
/// </summary>
public static class Calibrator
{
    /// <summary>
    /// Number of normal images needed for a false alarm rate: ⌈1/α⌉ − 1 for the threshold, and the same number again if the scale is chosen
    /// too.
    /// </summary>
    /// <param name="scaled">True if the scale is given.</param>
    /// <param name="method">The model's method; null for AA-CLIP.</param>
    public static int Needed(double falseAlarms, Domain domain, bool scaled, Method? method = null) =>
        ((int)Math.Ceiling(1 / falseAlarms) - 1) * (Halved(domain, scaled, method) ? 2 : 1);

    /// <summary>
    /// Calibrates from normal images alone, by a split conformal quantile: of n images, the threshold lies just above the
    /// ⌈(n + 1)(1 − α)⌉-th smallest score. Among n + 1 exchangeable images, every rank is equally likely for each image. So a new normal
    /// image exceeds the threshold with probability at most α, for every finite n and any distribution of the scores (Vovk et al.,
    /// Algorithmic Learning in a Random World, 2005). With fewer than ⌈1/α⌉ − 1 images the largest score is taken, and the bound is
    /// 1/(n + 1). The images that set the scale must not also set the threshold: every second image sets the weights of map and detection
    /// in the score, and n counts the other images. If the scale is given, or only one of both is used, n counts all images.
    /// </summary>
    /// <param name="falseAlarms">α, above 0 and below 1.</param>
    /// <param name="given">A scale to keep; null chooses one.</param>
    /// <param name="method">The model's method; null for AA-CLIP.</param>
    /// <param name="split">
    /// False where the images are too few to be split: all set scale and threshold, and the bound is only an estimate.
    /// </param>
    /// <exception cref="ArgumentException">There are no images.</exception>
    /// <exception cref="InvalidDataException">The threshold lies outside the given scale.</exception>
    public static CalibrationResult FromNormals(
        IReadOnlyList<Observed> normals,
        double falseAlarms,
        Domain domain,
        Calibration? given = null,
        Method? method = null,
        bool split = true
    )
    {
        Require(normals.Count, falseAlarms);
        bool halved = split && Halved(domain, given is not null, method);
        Observed[] ranked = halved && normals.Count > 1 ? [.. normals.Where((_, i) => i % 2 == 1)] : [.. normals];
        int count = halved && normals.Count == 1 ? 0 : ranked.Length; // one image cannot set both scale and threshold: no guarantee
        int rank = Rank(ranked.Length, falseAlarms);
        Calibration scale = given ?? Scale([.. normals.Where((_, i) => !halved || i % 2 == 0)], method);
        double threshold = Quantile(scale);
        if (given is null)
        {
            // Normal images fill the lower half of the scale, to leave room for larger scores; a wider scale does not change the ranks.
            float room = (float)Math.Max(2, 2 * threshold);
            scale = scale with
            {
                MapMax = scale.MapMin + room * (scale.MapMax - scale.MapMin),
                DetectionMax = scale.DetectionMin + room * (scale.DetectionMax - scale.DetectionMin),
            };
            threshold = Within(Quantile(scale));
        }

        float[] maxima = [.. ranked.Select(n => n.MapMax).Order()];
        Calibration calibration = scale with { Threshold = Inside(threshold), MapThreshold = MathF.BitIncrement(maxima[rank - 1]) };
        bool guaranteed = split || !Halved(domain, given is not null, method);
        return new CalibrationResult(calibration, count == 0 ? 1 : 1 - (double)rank / (count + 1), null, guaranteed);

        double Quantile(Calibration on) => JustAbove(ranked.Select(n => n.Raw(on, domain)), rank);
    }

    /// <summary>The threshold of <see cref="FromNormals"/>, for raw scores that are known already.</summary>
    /// <param name="normals">Raw scores of normal images.</param>
    /// <param name="falseAlarms">α, above 0 and below 1.</param>
    /// <returns>The threshold, and the bound on the probability that a new image of the same kind reaches it.</returns>
    /// <exception cref="ArgumentException">There are no scores.</exception>
    /// <exception cref="InvalidDataException">The threshold lies outside the scale, 0 to 1.</exception>
    public static (double Threshold, double FalseAlarms) OfNormals(IReadOnlyList<double> normals, double falseAlarms)
    {
        (double threshold, double bound) = Conformal(normals, falseAlarms);
        return (Inside(threshold), bound);
    }

    /// <summary>The split conformal quantile: just above the ⌈(n + 1)(1 − α)⌉-th smallest of n scores, or above all of them.</summary>
    /// <returns>The threshold, and the bound on the probability that a new score of the same kind reaches it.</returns>
    /// <exception cref="ArgumentException">There are no scores.</exception>
    internal static (double Threshold, double Bound) Conformal(IReadOnlyList<double> scores, double falseAlarms)
    {
        Require(scores.Count, falseAlarms);
        int rank = Rank(scores.Count, falseAlarms);
        return (JustAbove(scores, rank), 1 - (double)rank / (scores.Count + 1));
    }

    /// <summary>The threshold of <see cref="FromDefects"/>, for raw scores that are known already.</summary>
    /// <exception cref="ArgumentException">There are no normal images, or no defects.</exception>
    /// <exception cref="InvalidDataException">The threshold lies outside the scale, 0 to 1.</exception>
    public static double OfDefects(IReadOnlyList<double> normals, IReadOnlyList<double> defects)
    {
        RequireBoth(normals.Count, defects.Count);
        return Inside(Best([.. normals.Select(s => (float)s)], [.. defects.Select(s => (float)s)]));
    }

    /// <summary>Calibrates from normal images and defects: takes the thresholds with the largest F1 on them.</summary>
    /// <param name="given">A scale to keep; null takes minimum and maximum of the images.</param>
    /// <param name="method">The model's method; null for AA-CLIP.</param>
    /// <exception cref="ArgumentException">There are no normal images, or no defects.</exception>
    /// <exception cref="InvalidDataException">The threshold lies outside the given scale.</exception>
    public static CalibrationResult FromDefects(
        IReadOnlyList<Observed> normals,
        IReadOnlyList<Observed> defects,
        Domain domain,
        Calibration? given = null,
        Method? method = null
    )
    {
        RequireBoth(normals.Count, defects.Count);
        Calibration scale = given ?? Scale([.. normals, .. defects], method);
        float[] good = [.. normals.Select(Raw)],
            bad = [.. defects.Select(Raw)];
        float best = Best(good, bad),
            map = Best([.. normals.Select(n => n.MapMax)], [.. defects.Select(d => d.MapMax)]);
        double threshold = given is null ? Within(best) : Inside(best);
        return new CalibrationResult(
            scale with
            {
                Threshold = threshold,
                MapThreshold = map,
            },
            Share(normals),
            Share(defects),
            Guaranteed: false
        );

        float Raw(Observed o) => (float)o.Raw(scale, domain);

        double Share(IReadOnlyList<Observed> images) => images.Average(o => o.Raw(scale, domain) >= threshold ? 1.0 : 0);
    }

    private static void Require(int normals, double falseAlarms)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(falseAlarms);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(falseAlarms, 1);
        if (normals == 0)
            throw new ArgumentException("There are no normal images: give at least one, better a hundred.", nameof(normals));
    }

    private static void RequireBoth(int normals, int defects)
    {
        if (normals == 0 || defects == 0)
            throw new ArgumentException(
                $"There are {normals} normal images and {defects} defects: give at least one of each.",
                nameof(normals)
            );
    }

    private static int Rank(int count, double falseAlarms) => Math.Min(count, (int)Math.Ceiling((count + 1) * (1 - falseAlarms)));

    private static double JustAbove(IEnumerable<double> scores, int rank) => Math.BitIncrement(scores.Order().ElementAt(rank - 1));

    // If only the map or only the detection score is used, the order of the scores is the same on every scale, and the images need not be
    // split.
    private static bool Halved(Domain domain, bool scaled, Method? method) =>
        !scaled && domain != Domain.Medical && method is not { DetectionAlone: true };

    private static double Inside(double threshold) =>
        threshold is > 0 and < 1
            ? threshold
            : throw new InvalidDataException(
                FormattableString.Invariant(
                    $"The threshold would be {threshold:G4} on the package's scale, from 0 to 1: calibrate the package first, with --out."
                )
            );

    // Halfway between the best threshold and the next lower score, because new images score slightly above or below the given ones.
    private static float Best(float[] good, float[] bad)
    {
        float at = new Ranking([.. bad], [.. good]).F1Max().Threshold;
        float[] below = [.. good.Concat(bad).Where(s => s < at)];
        return below.Length == 0 ? at : (at + below.Max()) / 2;
    }

    private static Calibration Scale(IReadOnlyList<Observed> images, Method? method)
    {
        float mapMin = images.Min(i => i.MapMin),
            mapMax = images.Max(i => i.MapMax);
        float least = images.Min(i => i.Detection),
            most = images.Max(i => i.Detection);
        return new Calibration
        {
            MapMin = mapMin,
            MapMax = Above(mapMin, mapMax),
            DetectionMin = least,
            DetectionMax = Above(least, most),
            Threshold = 0.5,
            MapThreshold = mapMax,
            MapShare = method is { DetectionAlone: true } ? 0 : null,
            // A sum of the levels' probabilities can be more than 1
            MapLimit = method?.Neutral(levels: 1).MapLimit is null ? null : Math.Max(1, MathF.Ceiling(mapMax)),
        };

        static float Above(float low, float high) => high > low ? high : low + Math.Max(1e-3f, Math.Abs(low) * 1e-3f); // all alike
    }

    private static double Within(double threshold) => Math.Clamp(threshold, 1e-6, 1 - 1e-6);
}
