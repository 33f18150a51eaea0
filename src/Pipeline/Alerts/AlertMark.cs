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

/// <summary>
/// Decisions of people on an open alert of a camera, of any kind: pure functions, as <see cref="AlertMachine"/> for images.
/// </summary>
internal static class AlertMarks
{
    /// <summary>Marks an alert as acknowledged. If it is not open, or is acknowledged already, nothing changes.</summary>
    public static AlertDecision Acknowledge(AlertState state, string camera, string alertId, AlertMark mark)
    {
        if (state.Open?.Id == alertId && state.Open is { Acknowledged: null } open)
        {
            open = open with { Acknowledged = mark, Sequence = open.Sequence + 1 };
            return Decide(state with { Open = open }, Change(AlertChangeType.Acknowledged, camera, open, mark));
        }

        if (Find(state, alertId) is not { Acknowledged: null } condition)
            return Nothing(state);
        condition = condition with { Acknowledged = mark, Sequence = condition.Sequence + 1 };
        return Decide(With(state, condition), condition.Change(AlertChangeType.Acknowledged, camera, mark.At));
    }

    /// <summary>
    /// Closes an alert; if it is not open, nothing changes. After one about anomalous images the cool-down begins at the newest image, as
    /// after a close by images: until it ends, only an image that is more severe than the alert opens another one. Silence and drift open
    /// again only after they have ended.
    /// </summary>
    public static AlertDecision Close(AlertState state, string camera, string alertId, AlertMark mark)
    {
        if (state.Open is { } open && open.Id == alertId)
        {
            DateTimeOffset newest = state.Recent is [.., { } last] ? last.Time : open.OpenedAt;
            AlertState closed = state with { Open = null, Closed = new ClosedAlert(newest, open.Worst.Calibrated) };
            open = open with { Sequence = open.Sequence + 1 };
            return Decide(closed, ByOperator(Change(AlertChangeType.Closed, camera, open, mark), mark));
        }

        if (Find(state, alertId) is not { } condition)
            return Nothing(state);
        condition = condition with { Dismissed = true, Sequence = condition.Sequence + 1 };
        return Decide(With(state, condition), ByOperator(condition.Change(AlertChangeType.Closed, camera, mark.At), mark));
    }

    private static OpenCondition? Find(AlertState state, string alertId) =>
        Array.Find([state.Silence, state.Drift], c => c is { Dismissed: false } && c.Id == alertId);

    private static AlertState With(AlertState state, OpenCondition condition) =>
        condition.Silence is not null ? state with { Silence = condition } : state with { Drift = condition };

    private static AlertChange ByOperator(AlertChange change, AlertMark mark) =>
        change with
        {
            CloseReason = AlertCloseReason.Operator,
            ClosedBy = mark,
        };

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
