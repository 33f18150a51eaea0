using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;

namespace AaClip.Pipeline.Scoring;

/// <summary>
/// The decisions of a cascade, from numbers alone. A first model settles an image if its raw score is below
/// <see cref="FirstModel.Settles"/>. The image then has the lowest quarter of the camera's scale: the calibrated score is a quarter of the
/// first score's share of <see cref="FirstModel.Settles"/>, and the raw score is what has this calibrated score at the camera's threshold.
/// So it is normal at every threshold.
/// </summary>
public static class Cascade
{
    /// <summary>Calibrated scores of settled images are below it.</summary>
    public const double Top = 0.25;

    /// <summary>The score of a settled image, on the camera's scale.</summary>
    /// <param name="raw">Raw score of the first model.</param>
    /// <param name="settles">See <see cref="FirstModel.Settles"/>.</param>
    /// <param name="first">The score of the first model; its detection score and map maximum are kept.</param>
    /// <param name="threshold">The camera's threshold, for raw scores of the live model.</param>
    /// <param name="neutral">Whether that threshold is the neutral one of an uncalibrated class.</param>
    /// <returns>Null if the first model does not settle the image.</returns>
    public static ScorePart? Settled(double raw, double settles, ScorePart first, double threshold, bool neutral) =>
        raw < settles
            ? Rescaled(
                new ScorePart(Verdict.Normal, first.Detection, first.MapMax) { Calibrated = Math.Max(0, Top * raw / settles) },
                threshold,
                neutral
            )
            : null;

    /// <summary>The score of a settled image, on the camera's scale with another threshold.</summary>
    /// <param name="settled">As <see cref="Settled"/> made it.</param>
    /// <param name="neutral">As in <see cref="Settled"/>.</param>
    public static ScorePart Rescaled(ScorePart settled, double threshold, bool neutral) =>
        settled with
        {
            Raw = settled.Calibrated / 0.5 * threshold,
            Threshold = threshold,
            Calibration = neutral ? ScorePart.Neutral : null,
        };

    /// <summary>"name@version" of the first models that are asked while a model is live.</summary>
    public static IReadOnlySet<string> Asked(IEnumerable<FirstModel> firsts, string live) =>
        firsts.Where(f => Stale(f, live) is null).Select(f => f.Model).ToHashSet(StringComparer.Ordinal);

    /// <summary>Why a camera's first model is not asked while this model is live.</summary>
    /// <returns>Null if it is asked.</returns>
    public static string? Stale(FirstModel first, string live) =>
        first.Against is { } against && against != live
            ? $"It was calibrated against {against}, but {live} is live: run 'aaclip calibrate --first' again."
            : null;
}
