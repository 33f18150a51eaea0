using AaClip.Evaluation;
using AaClip.Pipeline.Routing;

namespace AaClip.Cli.Model;

/// <summary>What <c>aaclip calibrate --first</c> found.</summary>
/// <param name="First">For the camera's profile.</param>
/// <param name="Limit">The bound, and the images that it is from.</param>
/// <param name="Defects">Whether these are given defects; otherwise they are among the normal images.</param>
/// <param name="Normals">Normal images.</param>
/// <param name="Settled">Share of them that is settled.</param>
/// <param name="FirstSeconds">Median time of the first model for a normal image.</param>
/// <param name="FullSeconds">Median time of the full model for a normal image.</param>
internal sealed record CascadeFound(
    FirstModel First,
    CascadeLimit Limit,
    bool Defects,
    int Normals,
    double Settled,
    double FirstSeconds,
    double FullSeconds
)
{
    /// <summary>Where all images are like the normal ones.</summary>
    public double SpeedUp => CascadeCalibrator.SpeedUp(FirstSeconds, FullSeconds, Settled);

    /// <summary>Chooses what a first model settles.</summary>
    /// <param name="normals">At least one.</param>
    /// <param name="defects">May be empty; then the bound is about the normal images that the full model calls anomalous.</param>
    /// <param name="miss">See <see cref="CascadeCalibrator.Limit"/>.</param>
    /// <param name="most">The largest limit.</param>
    /// <exception cref="InvalidDataException">
    /// The full model calls no image anomalous, or the limit is below the first model's scale.
    /// </exception>
    public static CascadeFound Of(
        string first,
        string full,
        IReadOnlyList<CascadeScores> normals,
        IReadOnlyList<CascadeScores> defects,
        string objectClass,
        double miss,
        double most
    )
    {
        IReadOnlyList<CascadeScores> asked = defects.Count > 0 ? defects : normals;
        double[] anomalous = [.. asked.Where(s => s.Anomalous).Select(s => s.FirstRaw)];
        if (anomalous.Length == 0)
            throw new InvalidDataException(
                $"{full} calls none of the {asked.Count} images anomalous: give --defects that it finds, such as photos of good parts "
                    + "with defects painted on them by 'aaclip generate --photos'."
            );
        CascadeLimit limit = CascadeCalibrator.Limit(anomalous, miss, most);
        if (limit.Settles <= 0)
            throw new InvalidDataException(
                FormattableString.Invariant($"The limit would be {limit.Settles:G4} on the scale of {first}, from 0 to 1: ")
                    + $"that model gives an anomalous image the score of a normal one. Calibrate its package for '{objectClass}' with "
                    + "--out, allow more with --miss, or take another first model."
            );
        return new CascadeFound(
            new FirstModel(first, limit.Settles, full, limit.Bound),
            limit,
            defects.Count > 0,
            normals.Count,
            normals.Average(s => s.FirstRaw < limit.Settles ? 1.0 : 0),
            Median(normals.Select(s => s.FirstSeconds)),
            Median(normals.Select(s => s.FullSeconds))
        );
    }

    /// <param name="values">At least one.</param>
    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
