namespace AaClip.Pipeline.Routing;

/// <summary>When a camera raises an alert, and when it falls silent again.</summary>
/// <param name="SeverityBands">Bands in rising order; null or absent: minor from 0.5, major from 0.7, critical from 0.9.</param>
/// <param name="Confirm">How many of the newest images must be anomalous; null or absent: 1 of 1.</param>
/// <param name="CoolDownSeconds">Seconds after a closed alert in which only a more severe one opens; 0 to 604800. Default 60.</param>
/// <param name="CloseAfterNormal">Normal images in a row that close an open anomaly, 1 to 1000. Default 3.</param>
/// <param name="Enabled">Whether the camera alerts at all. Default true.</param>
public sealed record AlertRule(
    IReadOnlyList<SeverityBand>? SeverityBands = null,
    Confirmation? Confirm = null,
    int CoolDownSeconds = 60,
    int CloseAfterNormal = 3,
    bool Enabled = true
)
{
    private static readonly SeverityBand[] DefaultBands = [new("minor", 0.5), new("major", 0.7), new("critical", 0.9)];

    /// <summary>Bands in rising order; at least one.</summary>
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

/// <summary>A name for how bad it is.</summary>
/// <param name="Name">"minor", "critical": what subscribers filter by. Letters, digits, "-" and "_".</param>
/// <param name="MinCalibrated">Calibrated scores from here on belong to the band, up to the next one; 0 to 1, where 0.5 is the
/// threshold.</param>
public sealed record SeverityBand(string Name, double MinCalibrated);

/// <summary>N of the newest M images must be anomalous before an alert is raised.</summary>
/// <param name="N">1 to M. Default 1.</param>
/// <param name="M">N to 100. Default 1.</param>
public sealed record Confirmation(int N = 1, int M = 1);
