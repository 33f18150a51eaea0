namespace AaClip.Scoring.Events;

/// <summary>How events are found.</summary>
/// <param name="Score">The branch to decide with.</param>
/// <param name="Threshold">Means at or above this belong to an event, 0 to 1; null finds none.</param>
/// <param name="MinSeconds">Time of the mean, in seconds: shorter peaks count less.</param>
public sealed record EventRule(EventScore Score, double? Threshold, double MinSeconds)
{
    /// <summary>The shortest time where none is given and nothing is calibrated, in seconds.</summary>
    public const double DefaultSeconds = 2;

    /// <summary>
    /// The rule of a package, with what the user gives in its place. A calibrated threshold holds only for the branch and the time that it
    /// was calibrated with, and for snippets of the same length.
    /// </summary>
    /// <param name="snippetSeconds">Time from one snippet to the next in the recording.</param>
    /// <exception cref="InvalidDataException">Branch, time or snippets are others, but no threshold is given for them.</exception>
    public static EventRule Of(TemporalManifest model, EventScore? score, double? threshold, double? minSeconds, double snippetSeconds)
    {
        bool other =
            (score ?? model.Score) != model.Score
            || (minSeconds is { } s && s != model.Calibration?.MinSeconds)
            || Math.Abs(snippetSeconds - (model.Calibration?.SnippetSeconds ?? snippetSeconds)) > 1e-6;
        if (model.Calibration is { } c && threshold is null && other)
        {
            string rule = FormattableString.Invariant(
                    $"the {model.Score} branch over {c.MinSeconds} s, with snippets of {c.SnippetSeconds:0.####} s"
                ),
                asked = FormattableString.Invariant($"{snippetSeconds:0.####}");
            throw new InvalidDataException(
                $"Model {model.Id} is calibrated for {rule}, and this recording's are {asked}: calibrate it with the same --every and "
                    + "--fps, or give --threshold for another rule."
            );
        }

        return new EventRule(
            score ?? model.Score,
            threshold ?? model.Calibration?.Threshold,
            minSeconds ?? model.Calibration?.MinSeconds ?? DefaultSeconds
        );
    }
}
