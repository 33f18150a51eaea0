using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;

namespace AaClip.Pipeline.Tests.Alerts;

public sealed class EventAlertsTests
{
    private static readonly DateTimeOffset Window = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private static readonly AlertRule Rule = new();

    [Fact]
    public void A_window_opens_one_alert_and_closes_it_with_what_the_complete_window_has()
    {
        (AlertState state, List<AlertChange> changes) = Run(
            Rule,
            Look(0.7, "jam"),
            Look(0.8, "jam"),
            Look(0.6, "spill"),
            Look(0.9, "spill"),
            Look(0.75, "jam", final: true)
        );

        Assert.Equal(["opened jam", "updated spill", "closed jam"], Words(changes));
        Assert.Equal([true, true, false], changes.Select(c => c.Event!.Provisional));
        Assert.Equal(AlertCloseReason.Normal, changes[^1].CloseReason);
        Assert.Single(changes.Select(c => c.AlertId).Distinct());
        Assert.Equal([1, 2, 3], changes.Select(c => c.Sequence));
        Assert.True(Assert.Single(state.Events).Closed);
    }

    [Fact]
    public void An_event_that_only_the_complete_window_has_is_opened_and_closed()
    {
        (_, List<AlertChange> changes) = Run(Rule, Look(null), Look(0.75, "jam", final: true));

        Assert.Equal(["opened jam", "closed jam"], Words(changes));
        Assert.Equal([false, false], changes.Select(c => c.Event!.Provisional));
    }

    [Fact]
    public void A_provisional_event_that_the_complete_window_does_not_have_is_withdrawn()
    {
        (_, List<AlertChange> changes) = Run(Rule, Look(0.75, "jam"), Look(null, final: true));

        Assert.Equal(["opened jam", "closed jam"], Words(changes));
        Assert.Equal(AlertCloseReason.Withdrawn, changes[^1].CloseReason);
    }

    [Fact]
    public void Decisions_on_a_complete_window_that_come_late_or_again_change_nothing()
    {
        (AlertState state, _) = Run(Rule, Look(null, final: true), Look(0.7, "jam"));
        (AlertState told, List<AlertChange> changes) = Run(
            Rule,
            Look(0.7, "jam", final: true),
            Look(0.7, "jam", final: true),
            Look(0.9, "spill")
        );

        Assert.Empty(state.Events);
        Assert.Empty(state.Outbox);
        Assert.Equal(["opened jam", "closed jam"], Words(changes));
        Assert.Equal(2, told.Outbox.Count);
    }

    [Fact]
    public void Each_window_has_an_alert_of_its_own_and_only_the_newest_are_remembered()
    {
        List<EventLook> looks = [];
        for (int i = 0; i < 40; i++)
            looks.Add(Look(0.7, "jam", final: true, window: i));

        (AlertState state, List<AlertChange> changes) = Run(Rule, [.. looks]);

        Assert.Equal(40, changes.Select(c => c.AlertId).Distinct().Count());
        Assert.Equal(16, state.Events.Count);
        Assert.Equal(changes[^1].AlertId, state.Events[^1].Id);
    }

    [Fact]
    public void A_camera_whose_alerts_are_off_opens_none_and_closes_what_is_open()
    {
        (AlertState open, _) = Run(Rule, Look(0.7, "jam"));

        AlertDecision closed = EventAlerts.Apply(open, "line1", Rule with { Enabled = false }, Look(0.7, "jam", final: true));
        (AlertState none, List<AlertChange> changes) = Run(Rule with { Enabled = false }, Look(0.7, "jam"), Look(0.7, "jam", final: true));

        Assert.Equal(AlertCloseReason.Disabled, Assert.Single(closed.Changes).CloseReason);
        Assert.Empty(none.Events);
        Assert.Empty(changes);
    }

    [Fact]
    public void An_event_as_a_cloud_event_can_be_read_again()
    {
        (_, List<AlertChange> changes) = Run(Rule, Look(0.75, "jam", final: true));

        AlertEvent sent = AlertEvent.Of(changes[^1], new AlertOptions { LinkBase = "https://store.example" }),
            read = AlertEvent.Parse(sent.ToJson());

        Assert.Equal(("aaclip.event.closed", AlertKind.Event), (read.Envelope.Type, read.Kind));
        Assert.Equal(sent.Event, read.Event);
        Assert.Equal("https://store.example/timelines/vad%401/line1/w.json", read.Event!.Timeline!.Url);
        Assert.Equal(("jam", false), (sent.Properties["label"], sent.Properties["provisional"]));
    }

    private static (AlertState State, List<AlertChange> Changes) Run(AlertRule rule, params EventLook[] looks)
    {
        AlertState state = new();
        List<AlertChange> changes = [];
        foreach (EventLook look in looks)
        {
            AlertDecision decision = EventAlerts.Apply(state, "line1", rule, look);
            state = decision.State;
            changes.AddRange(decision.Changes);
        }

        return (state, changes);
    }

    private static IEnumerable<string> Words(List<AlertChange> changes) => changes.Select(c => $"{c.TypeName} {c.Event!.Label}");

    private static EventLook Look(double? score, string label = "jam", bool final = false, int window = 0)
    {
        DateTimeOffset from = Window.AddSeconds(128 * window),
            to = from.AddSeconds(128);
        string? timeline = final ? "vad@1/line1/w.json" : null;
        AlertEventFacts? facts = score is { } s
            ? new("vad@1", label, 0.9, s, 0.5, from.AddSeconds(3), from.AddSeconds(9), from, to, !final, "line1/a.png", "1", timeline)
            : null;
        return new EventLook("vad@1", from, to, final, facts, timeline, null);
    }
}
