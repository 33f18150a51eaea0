using System.Globalization;
using System.Text.Json;
using AaClip.Evaluation;
using AaClip.Scoring.Packages;

namespace AaClip.Cli.Model;

/// <summary>Shows a calibration, as text or as JSON.</summary>
internal static class CalibrationOutput
{
    /// <param name="normals">Number of normal images.</param>
    /// <param name="defects">Number of defects.</param>
    /// <param name="where">What was written.</param>
    public static void WriteJson(string objectClass, int normals, int defects, CalibrationResult result, string where) =>
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    objectClass,
                    normals,
                    defects,
                    result.FalseAlarms,
                    result.Found,
                    result.Guaranteed,
                    result.Calibration,
                    where,
                },
                JsonSerializerOptions.Web
            )
        );

    /// <param name="wanted">Wanted share of false alarms.</param>
    /// <param name="needed">Normal images that it needs.</param>
    public static void Write(CalibrationResult result, int normals, int defects, double wanted, int needed, string where)
    {
        Calibration c = result.Calibration;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Threshold {c.Threshold:F4} (calibrated 0.5), map threshold {c.MapThreshold:F3}, from {normals} normal "
                    + $"images{(defects > 0 ? $" and {defects} defects" : "")}."
            )
        );
        if (result.Found is { } found)
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Of these images it finds {100 * found:F1} % of the defects and calls {100 * result.FalseAlarms:F1} % of the "
                        + $"normal ones anomalous. New images may do worse: the thresholds were chosen on these."
                )
            );
        else if (result.Guaranteed)
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"A new normal image of the same kind is called anomalous with a probability of at most "
                        + $"{100 * result.FalseAlarms:F2} %, whatever the distribution of the scores."
                )
            );
        else
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"About {100 * result.FalseAlarms:F2} % of new normal images are called anomalous: an estimate from the references "
                        + $"themselves, each compared with the others alone. With other good images in --normals it is a bound."
                )
            );
        if (defects == 0 && normals < needed)
            Console.WriteLine(
                FormattableString.Invariant(
                    $"The requested {100 * wanted:G3} % need {needed} normal images; the threshold is above the scores of all images given."
                )
            );
        Console.WriteLine($"Written: {where}");
    }
}
