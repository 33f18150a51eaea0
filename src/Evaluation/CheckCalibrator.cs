namespace AaClip.Evaluation;

/// <summary>A threshold for a check of generated pictures, made from pictures that a camera took.</summary>
/// <param name="Threshold">Pictures with this probability or more are flagged.</param>
/// <param name="FalseAlarms">Upper bound on the probability that a new picture of the same camera is flagged.</param>
/// <param name="Levels">p-values, falling, and the probability from which each holds.</param>
public sealed record CheckCalibration(double Threshold, double FalseAlarms, IReadOnlyList<(double P, double From)> Levels);

/// <summary>
/// Calibrates a check of generated pictures on a camera's own pictures, all of them real: a split conformal quantile, as
/// <see cref="Calibrator.FromNormals"/>. A new picture of the camera is flagged with probability at most α, whatever the model is worth.
/// Nothing is known of how many generated pictures are flagged.
/// </summary>
public static class CheckCalibrator
{
    // 1, 2, 5 and their tenths: few enough for a camera's profile
    private static readonly double[] LevelsKept = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

    /// <summary>Finds the threshold, and the p-values that the pictures are enough for: those of 1/(n + 1) and more.</summary>
    /// <param name="real">Probabilities that the check gives to real pictures of the camera, 0 to 1.</param>
    /// <param name="falseAlarms">α, above 0 and below 1.</param>
    /// <exception cref="ArgumentException">There are no pictures.</exception>
    /// <exception cref="InvalidDataException">
    /// The check is certain that a real picture is generated, so that nothing lies above.
    /// </exception>
    public static CheckCalibration OfReal(IReadOnlyList<double> real, double falseAlarms)
    {
        (double threshold, double bound) = Calibrator.Conformal(real, falseAlarms);
        return threshold <= 1
            ? new CheckCalibration(
                threshold,
                bound,
                [.. LevelsKept.Where(p => p * (real.Count + 1) >= 1).Select(p => (p, Math.Min(1, Calibrator.Conformal(real, p).Threshold)))]
            )
            : throw new InvalidDataException(
                "The check gives real pictures of this camera a probability of 1, so no threshold can tell generated ones from them: do "
                    + "without it on this camera."
            );
    }
}
