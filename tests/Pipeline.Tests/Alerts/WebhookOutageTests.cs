using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;
using AaClip.Tests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A webhook that is down, hangs or refuses costs time, and no alert.</summary>
public sealed class WebhookOutageTests(AzuriteFixture azurite) : IDisposable
{
    private const string Secret = "a-secret-of-a-webhook";

    private static readonly AlertRule Rule = new(CoolDownSeconds: 0, CloseAfterNormal: 2);
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly LogLines _log = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _log.Dispose();

    /// <summary>The clock stands until the receiver has been asked.</summary>
    [Fact]
    public async Task A_webhook_that_hangs_is_left_after_15_seconds_and_takes_no_time_from_other_receivers()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(Cancellation);
        receiver.Answers.Enqueue(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        AlertStore store = new(await azurite.NewAsync(), _time);
        MemorySink queue = new("queue"),
            mqtt = new("mqtt");
        using WebhookAlertSink webhook = Sink(receiver);
        using AlertRaiser raiser = Raiser(store, queue, webhook, mqtt);

        Task raising = raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);
        await Eventually.HappensAsync(() => receiver.Requests.Length == 1 && mqtt.Received.Count == 1);
        _time.Advance(AlertRaiser.SendTime);
        TimeoutException late = await Assert.ThrowsAsync<TimeoutException>(() => raising.WaitAsync(Hang, Cancellation));
        PendingChange between = Assert.Single((await store.GetAsync("line1", Cancellation)).Outbox);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation); // the message comes again

        Assert.Contains("'webhook' did not accept the alerts of camera 'line1' within 15 s", late.Message, StringComparison.Ordinal);
        Assert.Equal(["mqtt", "queue"], between.DeliveredTo.Order());
        Assert.Equal(2, receiver.Requests.Length);
        Assert.Equal(receiver.Requests[0].Event, receiver.Requests[1].Event);
        Assert.Single(queue.Received);
        Assert.Single(mqtt.Received);
        Assert.Empty((await store.GetAsync("line1", Cancellation)).Outbox);
    }

    /// <summary>Takes about 10 s: all attempts.</summary>
    [Fact]
    public async Task A_webhook_that_was_down_gets_its_events_from_the_sweep_and_no_log_holds_a_key()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(Cancellation);
        await receiver.GoAwayAsync();
        AlertStore store = new(await azurite.NewAsync(), _time);
        MemorySink queue = new("queue");
        using WebhookAlertSink webhook = Sink(receiver);
        using AlertRaiser raiser = Raiser(store, queue, webhook);
        using AlertOutbox outbox = new(store, _time);

        await Assert.ThrowsAsync<HttpRequestException>(() => raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));
        await raiser.RaiseAsync(ScoredImages.At(1, 0.2), Rule, Cancellation); // another image: what is left is logged
        OutboxState? told = await outbox.StateAsync(Cancellation);
        await receiver.ComeBackAsync(Cancellation);
        OutboxState? after = await raiser.SweepAsync(Cancellation);

        Assert.Equal((1, null), (told?.Undelivered, after));
        Assert.Equal(queue.Received, receiver.Requests.Select(r => r.Event));
        Assert.Contains(_log.All, line => line.Contains("The webhook http://127.0.0.1:", StringComparison.Ordinal));
        Assert.All(
            (string[])["key-in-path", "key-in-query", Secret],
            key => Assert.DoesNotContain(_log.All, line => line.Contains(key, StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task An_event_that_is_refused_stays_in_the_outbox_until_the_webhook_takes_it()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(Cancellation);
        receiver.Answers.Enqueue(WebhookReceiver.Status(StatusCodes.Status404NotFound));
        receiver.Answers.Enqueue(WebhookReceiver.Status(StatusCodes.Status404NotFound));
        AlertStore store = new(await azurite.NewAsync(), _time);
        MemorySink queue = new("queue");
        using WebhookAlertSink webhook = Sink(receiver);
        using AlertRaiser raiser = Raiser(store, queue, webhook);

        await Assert.ThrowsAsync<HttpRequestException>(() => raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));
        OutboxState? refused = await raiser.SweepAsync(Cancellation),
            taken = await raiser.SweepAsync(Cancellation);

        Assert.Equal((1, null), (refused?.Undelivered, taken));
        Assert.Equal(3, receiver.Requests.Length);
        Assert.Single(queue.Received);
    }

    private static WebhookAlertSink Sink(WebhookReceiver receiver) =>
        new(Options.Create(new AlertOptions { Webhook = receiver.Address, WebhookSecret = Secret }), TimeProvider.System);

    private AlertRaiser Raiser(AlertStore store, params IAlertSink[] sinks) =>
        new(store, sinks, Options.Create(new AlertOptions()), _time, new Logger<AlertRaiser>(new LoggerFactory([_log])));
}
