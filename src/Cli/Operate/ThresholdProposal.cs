using AaClip.Evaluation.Metrics;

namespace AaClip.Cli.Operate;

/// <summary>A threshold that decisions of people suggest.</summary>
/// <param name="Model">"name@version".</param>
/// <param name="Class">What the object is called.</param>
/// <param name="Since">Images stored from then on.</param>
/// <param name="Fine">Raw scores of the images that people called fine.</param>
/// <param name="Defects">Raw scores of the images that people called defective.</param>
/// <param name="Now">The threshold in force; null if no result tells it.</param>
/// <param name="Proposed">The threshold that is proposed.</param>
/// <param name="Rate">The share of false alarms that was asked for; null if the threshold is that of the largest F1.</param>
/// <param name="Bound">
/// Upper bound on the probability that a new fine image is called anomalous, if the images were chosen at random; null for the largest F1.
/// </param>
/// <param name="Needed">How many fine images <paramref name="Rate"/> needs.</param>
/// <param name="Entry">Name or pattern of the camera's profile; null if it has none.</param>
/// <param name="ETag">Version of the profiles; null if there is no file.</param>
internal sealed record ThresholdProposal(
    string Camera,
    string Model,
    string Class,
    DateTimeOffset Since,
    IReadOnlyList<double> Fine,
    IReadOnlyList<double> Defects,
    double? Now,
    double Proposed,
    double? Rate,
    double? Bound,
    int Needed,
    string? Entry,
    string? ETag
)
{
    /// <summary>What the threshold in force does with these images; null if it is not known.</summary>
    public ThresholdEffect? Before => Now is { } now ? EffectOf(now) : null;

    /// <summary>What the proposed threshold does with these images.</summary>
    public ThresholdEffect After => EffectOf(Proposed);

    /// <summary>How many of some scores become anomalous.</summary>
    public int Rising(IReadOnlyList<double> scores) => scores.Count(s => s < Now && s >= Proposed);

    /// <summary>How many of some scores become normal.</summary>
    public int Falling(IReadOnlyList<double> scores) => scores.Count(s => s >= Now && s < Proposed);

    private ThresholdEffect EffectOf(double threshold)
    {
        int alarms = Fine.Count(s => s >= threshold),
            missed = Defects.Count(s => s < threshold);
        return new ThresholdEffect(
            threshold,
            alarms,
            Binomial.UpperBound(alarms, Fine.Count),
            missed,
            Binomial.UpperBound(missed, Defects.Count)
        );
    }
}

/// <summary>What a threshold does with images on which people decided.</summary>
/// <param name="Threshold">Raw score, above 0 and below 1.</param>
/// <param name="FalseAlarms">Fine images that are anomalous.</param>
/// <param name="FalseAlarmsAtMost">Upper 95 % bound on their share.</param>
/// <param name="Missed">Defects that are normal.</param>
/// <param name="MissedAtMost">Upper 95 % bound on their share; 1 without defects.</param>
internal sealed record ThresholdEffect(double Threshold, int FalseAlarms, double FalseAlarmsAtMost, int Missed, double MissedAtMost);
