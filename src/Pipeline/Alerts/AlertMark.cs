namespace AaClip.Pipeline.Alerts;

/// <summary>Who acknowledged or closed an alert, why and when.</summary>
/// <param name="By">The person or program: 1 to <see cref="MaxBy"/> characters.</param>
/// <param name="Note">Why; null if nothing was said.</param>
/// <param name="At">When it was decided.</param>
public sealed record AlertMark(string By, string? Note, DateTimeOffset At)
{
    /// <summary>Longest <see cref="By"/>.</summary>
    public const int MaxBy = 200;

    /// <summary>Longest <see cref="Note"/>.</summary>
    public const int MaxNote = 2000;
}

/// <summary>Decisions of people on the open alert of a camera: pure functions, as <see cref="AlertMachine"/> for images.</summary>
internal static class AlertMarks
{
    /// <summary>Marks the open alert as acknowledged. If there is none, or it is acknowledged already, nothing changes.</summary>
    public static AlertDecision Acknowledge(AlertState state, string camera, AlertMark mark)
    {
        if (state.Open is not { Acknowledged: null } open)
            return Nothing(state);
        open = open with { Acknowledged = mark, Sequence = open.Sequence + 1 };
        return Decide(state with { Open = open }, Change(AlertChangeType.Acknowledged, camera, open, mark));
    }

    /// <summary>
    /// Closes the open alert; if there is none, nothing changes. The cool-down begins at the newest image, as after a close by images:
    /// until it ends, only an image that is more severe than the alert opens another one.
    /// </summary>
    public static AlertDecision Close(AlertState state, string camera, AlertMark mark)
    {
        if (state.Open is not { } open)
            return Nothing(state);
        DateTimeOffset newest = state.Recent is [.., { } last] ? last.Time : open.OpenedAt;
        AlertState closed = state with { Open = null, Closed = new ClosedAlert(newest, open.Worst.Calibrated) };
        open = open with { Sequence = open.Sequence + 1 };
        return Decide(
            closed,
            Change(AlertChangeType.Closed, camera, open, mark) with
            {
                CloseReason = AlertCloseReason.Operator,
                ClosedBy = mark,
            }
        );
    }

    private static AlertDecision Nothing(AlertState state) => new(state, AlertOutcome.NotCounted, []);

    private static AlertDecision Decide(AlertState state, AlertChange change) =>
        new(state with { Outbox = [.. state.Outbox, PendingChange.New(change)] }, AlertOutcome.Counted, [change]);

    private static AlertChange Change(AlertChangeType type, string camera, OpenAlert alert, AlertMark mark) =>
        new()
        {
            AlertId = alert.Id,
            Sequence = alert.Sequence,
            Type = type,
            Camera = camera,
            Severity = alert.Severity,
            Time = mark.At,
            OpenedAt = alert.OpenedAt,
            Images = alert.Images,
            Picture = alert.Worst,
            Acknowledged = alert.Acknowledged,
        };
}
