using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>People acknowledge and close alerts; receivers are told who and why.</summary>
public sealed class AlertDeskTests(AzuriteFixture azurite)
{
    private static readonly AlertRule Rule = new(CoolDownSeconds: 60, CloseAfterNormal: 2);
    private static readonly AlertMark Kim = new("kim", "Camera was moved.", ScoredImages.Start.AddHours(1));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_acknowledged_alert_stays_open_and_its_events_say_by_whom()
    {
        AlertStore store = await StoreAsync();
        EventSink sink = new();
        using AlertRaiser raiser = Raiser(store, sink);
        AlertDesk desk = new(store, raiser);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);

        CameraAlert? acknowledged = await desk.AcknowledgeAsync("line1", null, Kim, Cancellation),
            again = await desk.AcknowledgeAsync("line1", null, new AlertMark("lee", null, Kim.At), Cancellation);
        IReadOnlyList<CameraAlert> open = await desk.OpenAsync(Cancellation);
        await raiser.RaiseAsync(ScoredImages.At(1, 0.95), Rule, Cancellation);

        Assert.Equal((Kim, Kim), (acknowledged?.Acknowledged, again?.Acknowledged));
        Assert.Equal(acknowledged, Assert.Single(open));
        Assert.Equal(["opened", "acknowledged", "updated"], sink.Types);
        Assert.Equal([null, Kim, Kim], sink.Events.Select(e => e.Data.Acknowledged));
        Assert.Equal([1, 2, 3], sink.Events.Select(e => e.Data.Sequence));
        Assert.All(sink.Events, e => Assert.Null(e.Data.ClosedBy));
    }

    [Fact]
    public async Task A_closed_alert_says_who_and_why_and_is_calm_until_the_cool_down_ends()
    {
        AlertStore store = await StoreAsync();
        EventSink sink = new();
        using AlertRaiser raiser = Raiser(store, sink);
        AlertDesk desk = new(store, raiser);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);

        CameraAlert? closed = await desk.CloseAsync("line1", null, Kim, Cancellation);
        await raiser.RaiseAsync(ScoredImages.At(30, 0.6), Rule, Cancellation); // calm
        IReadOnlyList<CameraAlert> open = await desk.OpenAsync(Cancellation);
        await raiser.RaiseAsync(ScoredImages.At(61, 0.6), Rule, Cancellation);

        Assert.Equal(AlertMachine.AlertId("line1", "line1/0.png", "0x1"), closed?.AlertId);
        Assert.Equal(["opened", "closed", "opened"], sink.Types);
        AlertEvent told = sink.Events[1];
        Assert.Equal((AlertCloseReason.Operator, Kim), (told.Data.CloseReason, told.Data.ClosedBy));
        Assert.Equal(Kim.At, told.Envelope.Time);
        Assert.Empty(open);
        Assert.NotEqual(closed?.AlertId, sink.Events[2].Data.AlertId);
    }

    [Fact]
    public async Task What_a_page_without_receivers_decides_is_delivered_by_the_next_worker()
    {
        StorageClients storage = await azurite.NewAsync();
        AlertStore store = new(storage, TimeProvider.System);
        EventSink sink = new();
        using AlertRaiser raiser = Raiser(store, sink);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);
        AlertDesk page = AlertDesk.WithoutReceivers(storage, TimeProvider.System);

        await page.AcknowledgeAsync("line1", null, Kim, Cancellation);
        await page.CloseAsync("line1", null, Kim, Cancellation);
        Assert.Equal(["opened"], sink.Types);

        Assert.Null(await raiser.SweepAsync(Cancellation)); // nothing is left
        Assert.Equal(["opened", "acknowledged", "closed"], sink.Types);
        Assert.Equal(Kim, sink.Events[2].Data.ClosedBy);
        Assert.Null(await raiser.SweepAsync(Cancellation));
        Assert.Equal(3, sink.Types.Count());
    }

    [Fact]
    public async Task What_a_page_decides_while_a_worker_delivers_is_not_lost()
    {
        StorageClients storage = await azurite.NewAsync();
        AlertStore store = new(storage, TimeProvider.System);
        AlertDesk page = AlertDesk.WithoutReceivers(storage, TimeProvider.System);
        EventSink sink = new() { Sending = () => page.AcknowledgeAsync("line1", null, Kim, Cancellation) };
        using AlertRaiser raiser = Raiser(store, sink);

        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);
        await raiser.SweepAsync(Cancellation);

        Assert.Equal(["opened", "acknowledged"], sink.Types);
    }

    [Fact]
    public async Task Only_the_open_alert_that_is_meant_is_changed()
    {
        AlertStore store = await StoreAsync();
        EventSink sink = new();
        using AlertRaiser raiser = Raiser(store, sink);
        AlertDesk desk = new(store, raiser);

        CameraAlert? none = await desk.CloseAsync("line1", null, Kim, Cancellation);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);
        CameraAlert? other = await desk.CloseAsync("line1", "0123", Kim, Cancellation),
            meant = await desk.CloseAsync("line1", AlertMachine.AlertId("line1", "line1/0.png", "0x1"), Kim, Cancellation),
            repeated = await desk.CloseAsync("line1", meant?.AlertId, Kim, Cancellation);

        Assert.Equal((null, null, null), (none, other, repeated));
        Assert.NotNull(meant);
        Assert.Equal(["opened", "closed"], sink.Types);
    }

    [Fact]
    public async Task Open_alerts_of_all_cameras_are_listed_whatever_their_names()
    {
        AlertStore store = await StoreAsync();
        using AlertRaiser raiser = Raiser(store, new EventSink());
        string[] cameras = ["Halle 2/\u00E4", "line1", new string('x', 300)];
        foreach (string camera in cameras)
            await raiser.RaiseAsync(ScoredImages.At(0, 0.6, camera), Rule, Cancellation);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.2, "calm"), Rule, Cancellation);

        IReadOnlyList<CameraAlert> open = await new AlertDesk(store, raiser).OpenAsync(Cancellation);

        Assert.Equal(cameras, open.Select(a => a.Camera));
    }

    [Fact]
    public async Task Silence_and_drift_are_listed_beside_the_alert_of_images_and_decided_by_their_ids()
    {
        AlertStore store = await StoreAsync();
        EventSink sink = new();
        using AlertRaiser raiser = Raiser(store, sink);
        AlertDesk desk = new(store, raiser);
        await store.ChangeAsync(
            "line1",
            state =>
                state with
                {
                    Silence = new OpenCondition("51", Kim.At, 1) { Silence = new AlertSilence(ScoredImages.Start, 300) },
                    Drift = new OpenCondition("d1", Kim.At, 1) { Drift = new AlertDrift("demo@1", 0.3) },
                },
            Cancellation
        );

        CameraAlert? unnamed = await desk.CloseAsync("line1", null, Kim, Cancellation); // only alerts of images need no id
        CameraAlert? drift = await desk.AcknowledgeAsync("line1", "d1", Kim, Cancellation),
            silence = await desk.CloseAsync("line1", "51", Kim, Cancellation),
            closed = await desk.CloseAsync("line1", "51", Kim, Cancellation);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);
        IReadOnlyList<CameraAlert> open = await desk.OpenAsync(Cancellation);

        Assert.Equal((null, null), (unnamed, closed));
        Assert.Equal((AlertKind.Silence, new AlertSilence(ScoredImages.Start, 300)), (silence?.Kind, silence?.Silence));
        Assert.Equal((AlertKind.Drift, Kim), (drift?.Kind, drift?.Acknowledged));
        Assert.Equal([AlertKind.Anomaly, AlertKind.Drift], open.Select(a => a.Kind));
        Assert.Equal(drift, open[1]);
        Assert.Equal(
            ["aaclip.drift.acknowledged", "aaclip.silence.closed", "aaclip.anomaly.opened"],
            sink.Events.Select(e => e.Envelope.Type)
        );
        Assert.Equal((AlertCloseReason.Operator, Kim), (sink.Events[1].Data.CloseReason, sink.Events[1].Data.ClosedBy));
    }

    [Fact]
    public async Task A_decision_outlasts_a_receiver_that_is_away()
    {
        AlertStore store = await StoreAsync();
        EventSink sink = new();
        using AlertRaiser raiser = Raiser(store, sink);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);
        sink.Away = true;

        CameraAlert? closed = await new AlertDesk(store, raiser).CloseAsync("line1", null, Kim, Cancellation);
        sink.Away = false;
        OutboxState? left = await raiser.SweepAsync(Cancellation);

        Assert.NotNull(closed);
        Assert.Null(left);
        Assert.Equal(["opened", "closed"], sink.Types);
    }

    private static AlertRaiser Raiser(AlertStore store, IAlertSink sink) =>
        new(store, [sink], Options.Create(new AlertOptions()), TimeProvider.System, NullLogger<AlertRaiser>.Instance);

    private async Task<AlertStore> StoreAsync() => new(await azurite.NewAsync(), TimeProvider.System);

    private sealed class EventSink : IAlertSink
    {
        public bool Away { get; set; }

        /// <summary>Runs once, while the first events are sent.</summary>
        public Func<Task>? Sending { get; set; }

        public List<AlertEvent> Events { get; } = [];

        public IEnumerable<string> Types => Events.Select(e => e.Change);

        public string Name => "queue";

        public Task<IReadOnlyList<Reservation>> ReserveAsync(int events, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<Reservation>>([]);

        public async Task SendAsync(
            IReadOnlyList<AlertEvent> events,
            IReadOnlyList<Reservation> places,
            ICollection<string> accepted,
            CancellationToken cancellation
        )
        {
            if (Away)
                throw new IOException("The receiver is away.");
            if (Sending is { } meanwhile)
            {
                Sending = null;
                await meanwhile();
            }

            foreach (AlertEvent alert in events)
            {
                Events.Add(alert);
                accepted.Add(alert.Envelope.Id);
            }
        }
    }
}
