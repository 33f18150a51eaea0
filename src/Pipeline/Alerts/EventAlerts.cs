using AaClip.Pipeline.Routing;
using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Decides on alerts about events: a pure function, as <see cref="AlertMachine"/> for images. A window has at most one alert, whose id
/// comes from camera, model and window, so that it is the same whoever decides and how often:
/// <code>
/// opens    when the newest frame belongs to an event (provisional), at the latest when the window is complete
/// updates  when a stronger event with another label is found (provisional)
/// closes   when the window is complete, with its strongest event; withdrawn if it has none after all
/// </code>
/// </summary>
internal static class EventAlerts
{
    private const int MostClosed = 16; // that are remembered

    /// <summary>The id of the alert of a window.</summary>
    public static string IdOf(string camera, string model, DateTimeOffset window) =>
        TextHash.Hex(FormattableString.Invariant($"{AlertKind.Event.NameOf()}\n{model}\n{camera}\n{window.UtcTicks}"), 32);

    /// <summary>Applies what was found in a window.</summary>
    /// <param name="state">State of the camera; the same instance is returned if nothing changes.</param>
    /// <param name="rule">The camera's current rule.</param>
    public static AlertDecision Apply(AlertState state, string camera, AlertRule rule, EventLook look)
    {
        string id = IdOf(camera, look.Model, look.WindowFrom);
        EventAlert? known = state.Events.FirstOrDefault(e => e.Id == id);
        bool late = !look.Final && look.WindowTo <= state.EventsUntil;
        if (known is { Closed: true } || late)
            return new(state, AlertOutcome.Duplicate, []);

        List<AlertChange> changes = [];
        EventAlert? alert = known;
        if (alert is null && look.Found is { } opening && rule.Enabled)
        {
            alert = new EventAlert(id, opening.From, 1, opening, Closed: false);
            changes.Add(Change(AlertChangeType.Opened, alert, opening.From));
        }
        else if (alert is not null && look is { Final: false, Found: { } found } && rule.Enabled)
        {
            if (found.Label != alert.Event.Label && found.Score > alert.Event.Score)
            {
                alert = alert with { Sequence = alert.Sequence + 1, Event = found };
                changes.Add(Change(AlertChangeType.Updated, alert, found.From));
            }
        }

        if (alert is not null && look.Final)
        {
            AlertEventFacts last = look.Found ?? alert.Event with { Provisional = false, Timeline = look.Timeline };
            alert = alert with { Sequence = alert.Sequence + 1, Event = last, Closed = true };
            changes.Add(
                Change(AlertChangeType.Closed, alert, last.To) with
                {
                    CloseReason =
                        !rule.Enabled ? AlertCloseReason.Disabled
                        : look.Found is null ? AlertCloseReason.Withdrawn
                        : AlertCloseReason.Normal,
                }
            );
        }

        DateTimeOffset? until = look.Final && !(state.EventsUntil >= look.WindowTo) ? look.WindowTo : state.EventsUntil;
        return changes.Count == 0 && until == state.EventsUntil
            ? new(state, AlertOutcome.NotCounted, [])
            : new(
                state with
                {
                    Events = alert is null ? state.Events : Trim([.. state.Events.Where(e => e.Id != id), alert]),
                    EventsUntil = until,
                    Outbox = [.. state.Outbox, .. changes.Select(PendingChange.New)],
                },
                AlertOutcome.Counted,
                changes
            );

        AlertChange Change(AlertChangeType type, EventAlert of, DateTimeOffset time) =>
            new()
            {
                AlertId = of.Id,
                Sequence = of.Sequence,
                Type = type,
                Camera = camera,
                Time = time,
                OpenedAt = of.OpenedAt,
                Event = of.Event,
                Traceparent = look.Traceparent,
            };
    }

    private static List<EventAlert> Trim(List<EventAlert> alerts)
    {
        int excess = alerts.Count(a => a.Closed) - MostClosed;
        return excess <= 0 ? alerts : [.. alerts.Where(a => !a.Closed || excess-- <= 0)];
    }
}

/// <summary>What was found in a window of a camera's sequence.</summary>
/// <param name="Model">"name@version" of the temporal model.</param>
/// <param name="WindowFrom">Begin of the window.</param>
/// <param name="WindowTo">End of the window.</param>
/// <param name="Final">Whether the window is complete.</param>
/// <param name="Found">The strongest event; null if there is none.</param>
/// <param name="Timeline">Blob name of the time line of a complete window; null for none.</param>
/// <param name="Traceparent">W3C trace context of the step that looked.</param>
internal sealed record EventLook(
    string Model,
    DateTimeOffset WindowFrom,
    DateTimeOffset WindowTo,
    bool Final,
    AlertEventFacts? Found,
    string? Timeline,
    string? Traceparent
);
