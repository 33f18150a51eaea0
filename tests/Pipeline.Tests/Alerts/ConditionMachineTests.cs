using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Tests.Results.Counts;
using AaClip.Tests;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>Decisions on silence and drift. The camera sends an image a minute until noon, so its limit is ten minutes.</summary>
public class ConditionMachineTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly AlertMark Kim = new("kim", "It is being cleaned.", Noon.AddMinutes(20));

    private readonly FakeTimeProvider _time = new(Noon);
    private AlertState _state = AlertState.Empty;

    [Fact]
    public void A_silent_camera_opens_one_alert_and_a_newer_image_closes_it()
    {
        Assert.Empty(LookAt(Noon, minute: 10));
        AlertChange opened = Assert.Single(LookAt(Noon, minute: 11));
        Assert.Empty(LookAt(Noon, minute: 12));
        Assert.Empty(LookAt(Noon, minute: 60));
        AlertChange closed = Assert.Single(LookAt(Noon.AddMinutes(61), minute: 62));
        Assert.Empty(LookAt(Noon.AddMinutes(61), minute: 63));

        Assert.Equal((AlertKind.Silence, AlertChangeType.Opened, 1), (opened.Kind, opened.Type, opened.Sequence));
        Assert.Equal(new AlertSilence(Noon, 600), opened.Silence);
        Assert.Equal((Noon.AddMinutes(11), Noon.AddMinutes(11)), (opened.Time, opened.OpenedAt));
        Assert.Equal((AlertChangeType.Closed, AlertCloseReason.Normal, 2), (closed.Type, closed.CloseReason, closed.Sequence));
        Assert.Equal((opened.AlertId, Noon.AddMinutes(61), opened.Silence), (closed.AlertId, closed.Time, closed.Silence));
        Assert.Null(_state.Silence);
    }

    [Fact]
    public void A_camera_that_was_heard_and_is_silent_again_has_another_alert()
    {
        AlertChange first = Assert.Single(LookAt(Noon, minute: 11));

        IReadOnlyList<AlertChange> changes = LookAt(Noon.AddMinutes(20), minute: 40); // nobody looked in between

        Assert.Equal([AlertChangeType.Closed, AlertChangeType.Opened], changes.Select(c => c.Type));
        Assert.Equal(first.AlertId, changes[0].AlertId);
        Assert.NotEqual(first.AlertId, changes[1].AlertId);
    }

    [Fact]
    public void A_camera_with_one_image_is_never_silent()
    {
        Assert.Empty(Apply(new Silence(Noon, null, false), null, null, Noon.AddDays(20)));
    }

    /// <summary>The pipeline stands still: there may be images without a result.</summary>
    [Fact]
    public void No_camera_is_silent_while_its_images_may_wait()
    {
        Assert.Empty(LookAt(Noon, minute: 60, handled: Noon.AddMinutes(9)));
        Assert.Single(LookAt(Noon, minute: 61, handled: Noon.AddMinutes(11)));
    }

    /// <summary>Another worker scored an image after this one had looked.</summary>
    [Fact]
    public void A_look_that_is_older_than_the_newest_image_opens_nothing()
    {
        _state = AlertMachine.Apply(_state, new AlertRule(), ScoredImages.At(0, 0.2) with { ImageTime = Noon.AddMinutes(10.5) }).State;

        Assert.Empty(LookAt(Noon, minute: 11));
    }

    [Theory]
    [InlineData(true, true, 0)]
    [InlineData(false, true, 2)] // no alerts at all
    [InlineData(true, false, 2)] // not these
    public void Switched_off_in_the_profile_they_end_once_and_none_opens(bool enabled, bool kinds, int ended)
    {
        Apply(Silent(11), "tiny@1", 0.3, Noon.AddMinutes(11));
        AlertRule rule = new(Enabled: enabled, Silence: kinds, Drift: kinds);

        IReadOnlyList<AlertChange> changes = Apply(Silent(12), "tiny@1", 0.3, Noon.AddMinutes(12), rule),
            later = Apply(Silent(13), "tiny@1", 0.3, Noon.AddMinutes(13), rule);

        Assert.Equal(Enumerable.Repeat<AlertCloseReason?>(AlertCloseReason.Disabled, ended), changes.Select(c => c.CloseReason));
        Assert.Empty(later);
    }

    [Fact]
    public void A_camera_that_is_forgotten_ends_both()
    {
        Apply(Silent(11), "tiny@1", 0.3, Noon.AddMinutes(11));

        IReadOnlyList<AlertChange> changes = Apply(null, null, null, Noon.AddDays(30).AddMinutes(1));

        Assert.Equal([AlertCloseReason.Gone, AlertCloseReason.Gone], changes.Select(c => c.CloseReason));
        Assert.Equal((null, null), (_state.Silence, _state.Drift));
    }

    [Fact]
    public void Drift_opens_at_the_upper_limit_and_closes_below_the_lower_one()
    {
        (double? Psi, string? Change)[] steps =
        [
            (null, null), // too few scores
            (0.2499, null),
            (0.25, "opened"),
            (0.24, null),
            (0.3, null),
            (0.1, null),
            (null, null),
            (0.0999, "closed"),
            (0.2, null),
            (0.26, "opened"),
        ];

        List<AlertChange> changes = [];
        foreach (((double? psi, string? change), int minute) in steps.Select((s, i) => (s, i)))
        {
            IReadOnlyList<AlertChange> now = Apply(Sends(minute), "tiny@1", psi, Noon.AddMinutes(minute));
            Assert.Equal(change is null ? [] : [change], now.Select(c => c.TypeName));
            changes.AddRange(now);
        }

        Assert.All(changes, c => Assert.Equal(AlertKind.Drift, c.Kind));
        Assert.Equal([0.25, 0.0999, 0.26], changes.Select(c => c.Drift!.Psi));
        Assert.Equal(2, changes.DistinctBy(c => c.AlertId).Count());
        Assert.Equal(3, changes.DistinctBy(c => c.Id).Count());
    }

    [Fact]
    public void Another_live_model_ends_the_drift_of_the_former_one()
    {
        Apply(Sends(0), "old@1", 0.3, Noon);

        IReadOnlyList<AlertChange> unseen = Apply(Sends(1), null, null, Noon.AddMinutes(1)),
            other = Apply(Sends(2), "new@1", null, Noon.AddMinutes(2)),
            drifts = Apply(Sends(3), "new@1", 0.4, Noon.AddMinutes(3));

        Assert.Empty(unseen);
        Assert.Equal((AlertCloseReason.Model, "old@1"), (Assert.Single(other).CloseReason, other[0].Drift?.Model));
        Assert.Equal((AlertChangeType.Opened, "new@1"), (Assert.Single(drifts).Type, drifts[0].Drift?.Model));
    }

    [Fact]
    public void What_a_person_closed_opens_again_only_after_it_has_ended()
    {
        string id = Assert.Single(LookAt(Noon, minute: 11)).AlertId;
        AlertDecision acknowledged = AlertMarks.Acknowledge(_state, "line1", id, Kim),
            closed = AlertMarks.Close(acknowledged.State, "line1", id, Kim);
        _state = closed.State;

        IReadOnlyList<AlertChange> silent = LookAt(Noon, minute: 30),
            heard = LookAt(Noon.AddMinutes(40), minute: 41),
            again = LookAt(Noon.AddMinutes(40), minute: 60);

        Assert.Equal(["acknowledged", "closed"], acknowledged.Changes.Concat(closed.Changes).Select(c => c.TypeName));
        Assert.Equal((AlertCloseReason.Operator, Kim, Kim, 3), Facts(Assert.Single(closed.Changes)));
        Assert.Equal((0, 0, 1), (silent.Count, heard.Count, again.Count));
        Assert.NotEqual(id, again[0].AlertId);
        Assert.Same(_state, AlertMarks.Close(_state, "line1", id, Kim).State); // it is no longer open

        static (AlertCloseReason?, AlertMark?, AlertMark?, int) Facts(AlertChange c) =>
            (c.CloseReason, c.ClosedBy, c.Acknowledged, c.Sequence);
    }

    [Fact]
    public void Alerts_of_images_and_of_the_camera_do_not_touch_each_other()
    {
        _state = AlertMachine.Apply(_state, new AlertRule(), ScoredImages.At(0, 0.6)).State;
        OpenAlert? open = _state.Open;
        Apply(Silent(11), "tiny@1", 0.3, Noon.AddMinutes(11));

        AlertState after = AlertMachine.Apply(_state, new AlertRule(), ScoredImages.At(1, 0.2)).State;

        Assert.Same(open, _state.Open);
        Assert.Equal((_state.Silence, _state.Drift), (after.Silence, after.Drift));
        Assert.Equal(["anomaly", "silence", "drift"], after.Outbox.Select(p => p.Change.Kind.NameOf()));
    }

    [Fact]
    public void A_stored_state_is_read_as_it_was_and_an_older_one_has_alerts_of_images_alone()
    {
        _state = AlertMachine.Apply(_state, new AlertRule(), ScoredImages.At(0, 0.6)).State;
        string older = JsonSerializer.Serialize(_state, AlertJson.Default.AlertState);
        Apply(Silent(11), "tiny@1", 0.3, Noon.AddMinutes(11));
        string json = JsonSerializer.Serialize(_state, AlertJson.Default.AlertState);

        AlertState read = JsonSerializer.Deserialize(json, AlertJson.Default.AlertState)!;

        Assert.DoesNotContain("silence", older, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(AlertKind.Anomaly, Assert.Single(JsonSerializer.Deserialize(older, AlertJson.Default.AlertState)!.Outbox).Change.Kind);
        Assert.Equal((_state.Silence, _state.Drift), (read.Silence, read.Drift));
        Assert.Equal(_state.Outbox.Select(p => p.Change), read.Outbox.Select(p => p.Change));
    }

    [Fact]
    public void Events_keep_to_the_published_schema_and_are_read_again()
    {
        Apply(Silent(11), "tiny@1", 0.3, Noon.AddMinutes(11));
        foreach (string id in (string[])[_state.Silence!.Id, _state.Drift!.Id])
            _state = AlertMarks.Acknowledge(_state, "line1", id, Kim).State;
        Apply(Sends(12), "tiny@1", 0.05, Noon.AddMinutes(12));
        AlertChange[] changes = [.. _state.Outbox.Select(p => p.Change)];

        AlertEvent[] events = [.. changes.Select(c => AlertEvent.Of(c, new AlertOptions()))];

        Assert.Equal(
            ["silence.opened", "drift.opened", "silence.acknowledged", "drift.acknowledged", "silence.closed", "drift.closed"],
            events.Select(e => e.Envelope.Type["aaclip.".Length..])
        );
        foreach (AlertEvent each in events)
        {
            string json = each.ToJson().ToString();
            Assert.Equal([], SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), json));
            AlertEvent read = AlertEvent.Parse(BinaryData.FromString(json));
            Assert.Equal((each.Data, each.Kind, each.Envelope.Id), (read.Data, read.Kind, read.Envelope.Id));
            Assert.Null(read.Anomaly);
        }

        Assert.Equal(
            new DateTimeOffset[] { Noon, Noon, Noon },
            events.Select(e => e.Data).OfType<SilenceData>().Select(d => d.LastImageAt)
        );
        Assert.Equal([0.3, 0.3, 0.05], events.Select(e => e.Data).OfType<DriftData>().Select(d => d.Psi));
        Assert.Equal(["camera", "kind", "type"], events[0].Properties.Keys.Order());
        Assert.Equal(["camera", "kind", "model", "type"], events[1].Properties.Keys.Order());
        Assert.Equal("line1/silence/opened/none/none", MqttTopic.Of("{camera}/{kind}/{type}/{severity}/{class}", events[0]));
    }

    private IReadOnlyList<AlertChange> LookAt(DateTimeOffset last, int minute, DateTimeOffset? handled = null)
    {
        _time.SetUtcNow(Noon.AddMinutes(minute));
        DateTimeOffset now = _time.GetUtcNow();
        return Apply(EachMinuteUntil(last, now), null, null, now, handled: handled);
    }

    private IReadOnlyList<AlertChange> Apply(
        Silence? silence,
        string? model,
        double? psi,
        DateTimeOffset now,
        AlertRule? rule = null,
        DateTimeOffset? handled = null
    )
    {
        CameraState? camera = silence is null ? null : new CameraState("line1", silence, Row, psi);
        AlertDecision decision = ConditionMachine.Apply(
            _state,
            "line1",
            rule ?? new AlertRule(),
            new CameraLook(camera, model, handled ?? now, now)
        );
        if (decision.Changes.Count == 0 && decision.Outcome == AlertOutcome.NotCounted)
            Assert.Same(_state, decision.State);
        _state = decision.State;
        return decision.Changes;
    }

    private static ResultRow Row => ResultRow.Of(CountedResults.Result("line1", "a.png", Noon));

    private static Silence Silent(int minute) => EachMinuteUntil(Noon, Noon.AddMinutes(minute));

    private static Silence Sends(int minute) => EachMinuteUntil(Noon.AddMinutes(minute), Noon.AddMinutes(minute));

    private static Silence EachMinuteUntil(DateTimeOffset last, DateTimeOffset now) =>
        Silence.Of([.. Enumerable.Range(0, 50).Select(i => last.AddMinutes(-i))], now);
}
