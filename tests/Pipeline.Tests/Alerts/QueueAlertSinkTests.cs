using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A worker that dies anywhere between the decision and its own note leaves each event in the queue exactly once.</summary>
public sealed class QueueAlertSinkTests(AzuriteFixture azurite)
{
    private static readonly AlertRule Rule = new(CoolDownSeconds: 0, CloseAfterNormal: 2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Death.AfterReserving)]
    [InlineData(Death.BeforeSending)]
    [InlineData(Death.AfterSending)]
    public async Task A_crash_at_any_step_shows_an_event_once(Death death)
    {
        StorageClients storage = await azurite.NewAsync();
        AlertStore store = new(storage, TimeProvider.System);
        using AlertRaiser dying = Raiser(store, new DyingSink(new QueueAlertSink(storage, TimeProvider.System), death));
        using AlertRaiser next = Raiser(store, new QueueAlertSink(storage, TimeProvider.System));
        await Assert.ThrowsAsync<IOException>(() => dying.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));

        await next.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);

        Assert.Equal([AlertMachine.AlertId("line1", "line1/0.png", "0x1") + "-1-opened"], await TakeAsync(storage));
        Assert.Empty((await store.GetAsync("line1", Cancellation)).Outbox);
    }

    [Fact]
    public async Task An_event_that_a_subscriber_took_before_the_crash_is_not_sent_again()
    {
        StorageClients storage = await azurite.NewAsync();
        AlertStore store = new(storage, TimeProvider.System);
        using AlertRaiser dying = Raiser(store, new DyingSink(new QueueAlertSink(storage, TimeProvider.System), Death.AfterSending));
        using AlertRaiser next = Raiser(store, new QueueAlertSink(storage, TimeProvider.System));
        await Assert.ThrowsAsync<IOException>(() => dying.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));
        Assert.Single(await TakeAsync(storage));

        await next.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);

        Assert.Empty(await TakeAsync(storage));
    }

    [Fact]
    public async Task A_place_that_is_about_to_expire_is_made_anew()
    {
        StorageClients storage = await azurite.NewAsync();
        AlertStore store = new(storage, TimeProvider.System);
        using AlertRaiser dying = Raiser(store, new DyingSink(new QueueAlertSink(storage, TimeProvider.System), Death.BeforeSending));
        await Assert.ThrowsAsync<IOException>(() => dying.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));
        Reservation expired = Assert.Single((await store.GetAsync("line1", Cancellation)).Outbox).Places["queue"] with
        {
            Until = DateTimeOffset.UnixEpoch,
        };
        await store.ChangeAsync(
            "line1",
            s => s with { Outbox = [s.Outbox[0] with { Places = new Dictionary<string, Reservation> { ["queue"] = expired } }] },
            Cancellation
        );
        await storage.Queue(QueueNames.Alerts).DeleteMessageAsync(expired.Message, expired.Receipt, Cancellation); // as its end would
        using AlertRaiser next = Raiser(store, new QueueAlertSink(storage, TimeProvider.System));

        await next.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);

        Assert.Single(await TakeAsync(storage));
    }

    // What subscribers see.
    private static async Task<List<string>> TakeAsync(StorageClients storage)
    {
        List<string> ids = [];
        while (
            (await storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value
                is { Length: > 0 } messages
        )
            foreach (QueueMessage message in messages)
            {
                ids.Add(System.Text.Json.JsonDocument.Parse(message.Body).RootElement.GetProperty("id").GetString()!); // each event has one
                await storage.Queue(QueueNames.Alerts).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }

        return ids;
    }

    private static AlertRaiser Raiser(AlertStore store, IAlertSink sink) =>
        new(store, [sink], Options.Create(new AlertOptions()), TimeProvider.System, NullLogger<AlertRaiser>.Instance);

    public enum Death
    {
        AfterReserving,
        BeforeSending,
        AfterSending,
    }

    // Fails where a process could end; what it did until then stays done.
    private sealed class DyingSink(IAlertSink inner, Death death) : IAlertSink
    {
        public string Name => inner.Name;

        public async Task<IReadOnlyList<Reservation>> ReserveAsync(int events, CancellationToken cancellation)
        {
            IReadOnlyList<Reservation> places = await inner.ReserveAsync(events, cancellation);
            return death == Death.AfterReserving ? throw new IOException("Dead.") : places;
        }

        public async Task SendAsync(
            IReadOnlyList<AlertEvent> events,
            IReadOnlyList<Reservation> places,
            ICollection<string> accepted,
            CancellationToken cancellation
        )
        {
            if (death == Death.AfterSending)
                await inner.SendAsync(events, places, [], cancellation);
            throw new IOException("Dead.");
        }
    }
}
