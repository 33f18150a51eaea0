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
    /// was calibrated with.
    /// </summary>
    /// <exception cref="InvalidDataException">Another branch or time is given, but no threshold for it.</exception>
    public static EventRule Of(TemporalManifest model, EventScore? score, double? threshold, double? minSeconds)
    {
        bool other = (score ?? model.Score) != model.Score || (minSeconds is { } s && s != model.Calibration?.MinSeconds);
        if (model.Calibration is { } c && threshold is null && other)
            throw new InvalidDataException(
                FormattableString.Invariant(
                    $"Model {model.Id} is calibrated for the {model.Score} branch over {c.MinSeconds} s: give --threshold for another rule."
                )
            );
        return new EventRule(
            score ?? model.Score,
            threshold ?? model.Calibration?.Threshold,
            minSeconds ?? model.Calibration?.MinSeconds ?? DefaultSeconds
        );
    }
}
