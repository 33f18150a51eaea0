using System.Globalization;
using System.Text.Json;
using AaClip.Evaluation;

namespace AaClip.Cli.Model;

/// <summary>What <c>aaclip calibrate --first</c> prints.</summary>
internal static class CascadeOutput
{
    public static void Write(CascadeFound found, double miss, string where, bool json)
    {
        if (json)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new
                    {
                        found.First.Model,
                        found.First.Against,
                        found.First.Settles,
                        anomalous = found.Limit.Given,
                        found.Limit.Missed,
                        found.Limit.Bound,
                        needed = CascadeCalibrator.Needed(miss),
                        found.Normals,
                        settled = found.Settled,
                        found.FirstSeconds,
                        found.FullSeconds,
                        found.SpeedUp,
                        where,
                    },
                    JsonSerializerOptions.Web
                )
            );
            return;
        }

        CascadeLimit limit = found.Limit;
        CultureInfo culture = CultureInfo.InvariantCulture;
        Console.WriteLine(
            string.Create(
                culture,
                $"{found.First.Model} settles images with a raw score below {found.First.Settles:F4}. Of {limit.Given} "
                    + $"{(found.Defects ? "defects" : "images")} that {found.First.Against} calls anomalous, it settles {limit.Missed}."
            )
        );
        Console.WriteLine(
            string.Create(
                culture,
                $"With {100 * CascadeCalibrator.Confidence:F0} % confidence, at most {100 * limit.Bound:F2} % of such images will "
                    + $"be settled."
            )
        );
        if (limit.Bound > miss)
            Console.WriteLine(
                string.Create(
                    culture,
                    $"The requested {100 * miss:G3} % need {CascadeCalibrator.Needed(miss)} images that the model calls anomalous."
                )
            );
        Console.WriteLine(
            string.Create(
                culture,
                $"Of {found.Normals} normal images it settles {100 * found.Settled:F1} %. An image takes {1000 * found.FirstSeconds:F1} ms "
                    + $"instead of {1000 * found.FullSeconds:F1} ms: where images are like these, {found.SpeedUp:F1} times as many in the "
                    + $"same time."
            )
        );
        Console.WriteLine($"Written: {where}");
    }
}
