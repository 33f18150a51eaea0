using AaClip.Evaluation.Metrics;

namespace AaClip.Evaluation;

/// <summary>How a check of generated pictures does on a set: real pictures, and those of one generator or several.</summary>
/// <param name="Name">Name of the set.</param>
/// <param name="Real">Number of real pictures.</param>
/// <param name="Generated">Number of generated ones.</param>
/// <param name="Accuracy">Share of the pictures that are told right at a probability of 0.5; the published measure.</param>
/// <param name="RealAccuracy">The same of the real pictures alone; null if there are none.</param>
/// <param name="GeneratedAccuracy">The same of the generated pictures alone; null if there are none.</param>
/// <param name="AveragePrecision">Of the generated pictures; null if one kind is missing, as for the next.</param>
/// <param name="Auroc">Area under the ROC curve.</param>
/// <param name="CalibrationError">
/// Expected calibration error over 15 bins of equal width (Guo et al., ICML 2017): mean of |share told right − confidence|, where
/// confidence
/// is the probability of what was told.
/// </param>
public sealed record CheckReport(
    string Name,
    int Real,
    int Generated,
    double Accuracy,
    double? RealAccuracy,
    double? GeneratedAccuracy,
    double? AveragePrecision,
    double? Auroc,
    double CalibrationError
)
{
    private const double Told = 0.5;
    private const int Bins = 15;

    /// <summary>Measures probabilities.</summary>
    /// <param name="real">Those of real pictures, 0 to 1.</param>
    /// <param name="generated">Those of generated ones.</param>
    /// <exception cref="ArgumentException">There are no pictures.</exception>
    public static CheckReport Of(string name, IReadOnlyList<double> real, IReadOnlyList<double> generated)
    {
        int all = real.Count + generated.Count;
        if (all == 0)
            throw new ArgumentException($"The set '{name}' has no pictures.", nameof(real));
        int right = real.Count(p => p < Told),
            found = generated.Count(p => p >= Told);
        bool both = real.Count > 0 && generated.Count > 0;
        Ranking ranking = new([.. generated.Select(p => (float)p)], [.. real.Select(p => (float)p)]);
        return new CheckReport(
            name,
            real.Count,
            generated.Count,
            (double)(right + found) / all,
            real.Count > 0 ? (double)right / real.Count : null,
            generated.Count > 0 ? (double)found / generated.Count : null,
            both ? ranking.AveragePrecision() : null,
            both ? ranking.Auroc() : null,
            ErrorOf([.. real.Select(p => (p, false)), .. generated.Select(p => (p, true))])
        );
    }

    /// <summary>The unweighted mean over sets, as the published tables have it.</summary>
    /// <param name="reports">At least one.</param>
    public static CheckReport Mean(IReadOnlyList<CheckReport> reports) =>
        new(
            "mean",
            reports.Sum(r => r.Real),
            reports.Sum(r => r.Generated),
            reports.Average(r => r.Accuracy),
            reports.Average(r => r.RealAccuracy),
            reports.Average(r => r.GeneratedAccuracy),
            reports.Average(r => r.AveragePrecision),
            reports.Average(r => r.Auroc),
            reports.Average(r => r.CalibrationError)
        );

    private static double ErrorOf((double Probability, bool Generated)[] pictures)
    {
        double error = 0;
        foreach (
            var bin in pictures
                .Select(p => (Confidence: Math.Max(p.Probability, 1 - p.Probability), Right: p.Probability >= Told == p.Generated))
                .GroupBy(p => Math.Min(Bins - 1, (int)(p.Confidence * Bins)))
        )
            error += Math.Abs(bin.Count(p => p.Right) - bin.Sum(p => p.Confidence));
        return error / pictures.Length;
    }
}
