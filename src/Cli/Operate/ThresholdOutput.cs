using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Routing;

namespace AaClip.Cli.Operate;

/// <summary>Shows a proposed threshold, as text or as JSON.</summary>
internal static class ThresholdOutput
{
    private static readonly Column[] Columns = ["", "threshold", "false alarms", "at most", "missed defects", "at most"];

    /// <param name="changes">What was changed; null if nothing was to be.</param>
    public static void WriteJson(ThresholdProposal proposal, IReadOnlyList<ProfileChange>? changes) =>
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    proposal.Camera,
                    proposal.Model,
                    objectClass = proposal.Class,
                    proposal.Since,
                    fine = proposal.Fine.Count,
                    defects = proposal.Defects.Count,
                    rule = proposal.Rate is null ? "largestF1" : "falseAlarms",
                    proposal.Rate,
                    proposal.Bound,
                    now = proposal.Before,
                    proposed = proposal.After,
                    toAnomalous = proposal.Rising(proposal.Fine) + proposal.Rising(proposal.Defects),
                    toNormal = proposal.Falling(proposal.Fine) + proposal.Falling(proposal.Defects),
                    applied = changes is not null,
                    changes,
                },
                JsonSerializerOptions.Web
            )
        );

    /// <param name="changes">What was changed; null if nothing was to be.</param>
    public static void Write(ThresholdProposal proposal, IReadOnlyList<ProfileChange>? changes)
    {
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Camera '{proposal.Camera}', {proposal.Model} as '{proposal.Class}', images since {proposal.Since:yyyy-MM-dd}: "
                    + $"people called {proposal.Fine.Count} fine and {proposal.Defects.Count} defective."
            )
        );
        Tables.Write(
            Columns,
            [.. proposal.Before is { } before ? [Row("now", before)] : Array.Empty<string[]>(), Row("proposed", proposal.After)]
        );
        if (proposal.Bound is { } bound)
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The proposed threshold is for {100 * proposal.Rate:G3} % false alarms: if these images were chosen at random, a "
                        + $"new fine image is called anomalous with a probability of at most {100 * bound:F2} %."
                )
            );
            if (proposal.Fine.Count < proposal.Needed)
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The requested {100 * proposal.Rate:G3} % need {proposal.Needed} fine images; the threshold is above the scores "
                            + $"of all that there are."
                    )
                );
        }
        else
        {
            Console.WriteLine(
                "The proposed threshold is the one with the largest F1 on these images. It was chosen on them, so new images may do worse."
            );
        }

        if (proposal.Now is not null)
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Of these images, {proposal.Falling(proposal.Fine)} fine and {proposal.Falling(proposal.Defects)} defective ones "
                        + $"become normal, "
                        + $"{proposal.Rising(proposal.Fine)} fine and {proposal.Rising(proposal.Defects)} defective ones anomalous."
                )
            );
        Console.WriteLine(
            "'At most': upper 95 % bounds. People look at images with high scores first, so their images are not those of a whole day."
        );
        if (changes is null)
            Propose(proposal);
        else
            Tell(changes);
    }

    private static void Propose(ThresholdProposal proposal)
    {
        Console.WriteLine(
            proposal.Entry == proposal.Camera
                ? $"--apply writes it. The line for the profile of '{proposal.Camera}' in {CameraProfiles.Blob}:"
                : $"--apply writes it, into a profile of its own for '{proposal.Camera}', which keeps the rest of "
                    + $"{(proposal.Entry is null ? "the default" : $"'{proposal.Entry}'")}. The line for {CameraProfiles.Blob}:"
        );
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  \"threshold\": {proposal.Proposed:R}"));
    }

    private static void Tell(IReadOnlyList<ProfileChange> changes)
    {
        Console.WriteLine(changes.Count == 0 ? "The profile has this threshold already." : $"Written to {CameraProfiles.Blob}:");
        foreach (ProfileChange change in changes)
            Console.WriteLine($"  {change.Path}: {change.Before?.ToJsonString() ?? "none"} → {change.After?.ToJsonString() ?? "none"}");
        if (changes.Count > 0)
            Console.WriteLine("It holds for new images within seconds; 'aaclip rescore --mode threshold' judges earlier ones again.");
    }

    private static string[] Row(string name, ThresholdEffect effect) =>
        [
            name,
            string.Create(CultureInfo.InvariantCulture, $"{effect.Threshold:F4}"),
            string.Create(CultureInfo.InvariantCulture, $"{effect.FalseAlarms}"),
            string.Create(CultureInfo.InvariantCulture, $"{100 * effect.FalseAlarmsAtMost:F1} %"),
            string.Create(CultureInfo.InvariantCulture, $"{effect.Missed}"),
            string.Create(CultureInfo.InvariantCulture, $"{100 * effect.MissedAtMost:F1} %"),
        ];
}
