using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Alerts;

/// <summary>An alert that a camera is silent or that its scores have moved: one of both is set.</summary>
/// <param name="Id">Id of the alert.</param>
/// <param name="OpenedAt">When it was decided.</param>
/// <param name="Sequence">Number of its newest change, from 1.</param>
internal sealed record OpenCondition(string Id, DateTimeOffset OpenedAt, int Sequence)
{
    /// <summary>The silence; null if this is about scores.</summary>
    public AlertSilence? Silence { get; init; }

    /// <summary>The drift; null if this is about silence.</summary>
    public AlertDrift? Drift { get; init; }

    /// <summary>Who acknowledged it; null if nobody did.</summary>
    public AlertMark? Acknowledged { get; init; }

    /// <summary>
    /// Whether a person closed it. It is kept until the silence or the drift has ended: until then no other alert opens.
    /// </summary>
    public bool Dismissed { get; init; }

    /// <summary>Returns the id of the alert that is opened at a time.</summary>
    public static string IdOf(AlertKind kind, string camera, DateTimeOffset at) =>
        TextHash.Hex(FormattableString.Invariant($"{kind.NameOf()}\n{camera}\n{at.UtcTicks}"), 32);

    /// <summary>Makes the change that brought the alert to this state.</summary>
    public AlertChange Change(AlertChangeType type, string camera, DateTimeOffset time) =>
        new()
        {
            AlertId = Id,
            Sequence = Sequence,
            Type = type,
            Camera = camera,
            Time = time,
            OpenedAt = OpenedAt,
            Acknowledged = Acknowledged,
            Silence = Silence,
            Drift = Drift,
        };
}
