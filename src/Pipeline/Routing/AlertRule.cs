namespace AaClip.Pipeline.Routing;

/// <summary>When a camera opens an alert, and when it closes one, and which kinds of alerts it has.</summary>
/// <param name="SeverityBands">
/// Bands in ascending order. Default (null or absent): minor from 0.5, major from 0.7, critical from 0.9.
/// </param>
/// <param name="Confirm">How many of the newest images must be anomalous. Default (null or absent): 1 of 1.</param>
/// <param name="CoolDownSeconds">Seconds after an alert closes in which only a more severe alert opens, 0 to 604800. Default 60.</param>
/// <param name="CloseAfterNormal">Number of consecutive normal images that closes an open alert, 1 to 1000. Default 3.</param>
/// <param name="Enabled">Whether the camera raises alerts of any kind. Default true.</param>
/// <param name="Silence">Whether an alert tells that the camera is silent. Default true.</param>
/// <param name="Drift">Whether an alert tells that its scores have moved. Default true.</param>
/// <param name="Smooth">
/// The rule sees the median score of an image and of those before it, this many in all: an odd number, 1 to <see cref="MaxSmooth"/>.
/// Default 1, each image's own score.
/// </param>
public sealed record AlertRule(
    IReadOnlyList<SeverityBand>? SeverityBands = null,
    Confirmation? Confirm = null,
    int CoolDownSeconds = 60,
    int CloseAfterNormal = 3,
    bool Enabled = true,
    bool Silence = true,
    bool Drift = true,
    int Smooth = 1
)
{
    /// <summary>Largest <see cref="Smooth"/>.</summary>
    public const int MaxSmooth = 99;

    private static readonly SeverityBand[] DefaultBands = [new("minor", 0.5), new("major", 0.7), new("critical", 0.9)];

    /// <summary>Bands in ascending order; at least one.</summary>
    public IReadOnlyList<SeverityBand> SeverityBands
    {
        get;
        init => field = value ?? DefaultBands;
    } = SeverityBands ?? DefaultBands;

    /// <summary>How many of the newest images must be anomalous.</summary>
    public Confirmation Confirm
    {
        get;
        init => field = value ?? new();
    } = Confirm ?? new();
}

/// <summary>A severity, and the scores that have it.</summary>
/// <param name="Name">Such as "minor" or "critical"; subscribers filter by it. Letters, digits, "-" and "_".</param>
/// <param name="MinCalibrated">
/// The lowest calibrated score of the band, which ends at the next band; 0 to 1, where 0.5 is the threshold.
/// </param>
public sealed record SeverityBand(string Name, double MinCalibrated);

/// <summary>N of the newest M images must be anomalous before an alert is raised.</summary>
/// <param name="N">1 to M. Default 1.</param>
/// <param name="M">N to 100. Default 1.</param>
public sealed record Confirmation(int N = 1, int M = 1);
