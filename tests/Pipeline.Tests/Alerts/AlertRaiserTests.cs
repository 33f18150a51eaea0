using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Alerts;

public sealed class AlertRaiserTests(AzuriteFixture azurite)
{
    private static readonly AlertRule Rule = new(CoolDownSeconds: 0, CloseAfterNormal: 2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_delivered_twice_sends_one_event()
    {
        MemorySink sink = new("queue");
        using AlertRaiser raiser = Raiser(await StoreAsync(), sink);

        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);

        Assert.Single(sink.Received);
    }

    [Fact]
    public async Task A_receiver_that_has_an_event_does_not_get_it_again_when_another_one_failed()
    {
        bool away = true;
        MemorySink queue = new("queue"),
            topic = new("topic", _ => away);
        using AlertRaiser raiser = Raiser(await StoreAsync(), queue, topic);

        IOException failure = await Assert.ThrowsAsync<IOException>(() => raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));
        away = false;
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);

        Assert.Equal("topic is away.", failure.Message);
        Assert.Equal(queue.Received, topic.Received);
        Assert.Single(queue.Received);
    }

    [Fact]
    public async Task A_receiver_that_is_configured_later_gets_no_earlier_event()
    {
        bool away = true;
        MemorySink queue = new("queue"),
            topic = new("topic", _ => away),
            webhook = new("webhook");
        AlertStore store = await StoreAsync();
        using AlertRaiser before = Raiser(store, queue, topic),
            after = Raiser(store, queue, topic, webhook);
        await Assert.ThrowsAsync<IOException>(() => before.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));

        await Assert.ThrowsAsync<IOException>(() => after.RaiseAsync(ScoredImages.At(1, 0.95), Rule, Cancellation));
        away = false;
        await after.SweepAsync(Cancellation);

        Assert.Equal(2, queue.Received.Count);
        Assert.Equal(queue.Received, topic.Received);
        Assert.Equal(queue.Received[1..], webhook.Received);
        Assert.Empty((await store.GetAsync("line1", Cancellation)).Outbox);
    }

    [Fact]
    public async Task A_receiver_that_is_no_longer_configured_holds_no_event()
    {
        AlertStore store = await StoreAsync();
        using AlertRaiser before = Raiser(store, new MemorySink("queue"), new MemorySink("webhook", _ => true)),
            after = Raiser(store, new MemorySink("queue"));
        await Assert.ThrowsAsync<IOException>(() => before.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));

        OutboxState? left = await after.SweepAsync(Cancellation);

        Assert.Null(left);
    }

    /// <summary>Written by a program that had queue and topic only: its changes have no receivers.</summary>
    [Fact]
    public async Task Events_of_an_older_program_go_to_queue_and_topic_alone()
    {
        AlertStore store = await StoreAsync();
        AlertState old = AlertMachine.Apply(AlertState.Empty, Rule, ScoredImages.At(0, 0.6)).State;
        PendingChange pending = Assert.Single(old.Outbox) with { DeliveredTo = ["queue"], Receivers = null, Since = ScoredImages.Start };
        await store.ChangeAsync("line1", _ => old with { Outbox = [pending] }, Cancellation);
        MemorySink queue = new("queue"),
            topic = new("topic"),
            webhook = new("webhook");
        using AlertRaiser raiser = Raiser(store, queue, topic, webhook);

        OutboxState? left = await raiser.SweepAsync(Cancellation);

        Assert.Null(left);
        Assert.Equal((0, 1, 0), (queue.Received.Count, topic.Received.Count, webhook.Received.Count));
    }

    [Fact]
    public async Task A_sweep_delivers_what_a_receiver_lacks_though_no_new_image_comes()
    {
        bool away = true;
        MemorySink queue = new("queue"),
            topic = new("topic", _ => away);
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        AlertStore store = new(await azurite.NewAsync(), time);
        using AlertRaiser raiser = new(store, [queue, topic], Options.Create(new AlertOptions()), time, NullLogger<AlertRaiser>.Instance);
        using AlertOutbox outbox = new(store, time);
        foreach (string camera in (string[])["line1", "Halle 2/\u00E4"])
            await Assert.ThrowsAsync<IOException>(() =>
                raiser.RaiseAsync(ScoredImages.At(0, 0.6) with { Camera = camera }, Rule, Cancellation)
            );

        DateTimeOffset began = time.GetUtcNow();
        OutboxState? first = await raiser.SweepAsync(Cancellation),
            told = await outbox.StateAsync(Cancellation);
        time.Advance(TimeSpan.FromDays(9));
        OutboxState? later = await raiser.SweepAsync(Cancellation);
        away = false;
        OutboxState? after = await raiser.SweepAsync(Cancellation);

        Assert.Equal(new OutboxState(2, 2, began), first);
        Assert.Equal((first, first, null), (told, later, after));
        Assert.Equal(2, topic.Received.Count);
        Assert.Equal(queue.Received.Order(), topic.Received.Order());
        Assert.Null(await outbox.StateAsync(Cancellation));
    }

    [Fact]
    public async Task A_sweep_leaves_to_another_worker_what_it_is_delivering()
    {
        AlertStore store = await StoreAsync();
        await store.ChangeAsync(
            "line1",
            s =>
                AlertMachine.Apply(s, Rule, ScoredImages.At(0, 0.6)).State with
                {
                    Claim = new("other", TimeProvider.System.GetUtcNow() + AlertRaiser.ClaimTime),
                },
            Cancellation
        );
        MemorySink sink = new("queue");
        using AlertRaiser raiser = Raiser(store, sink);

        OutboxState? left = await raiser.SweepAsync(Cancellation);

        Assert.Equal((1, 1), (left?.Undelivered, left?.Cameras));
        Assert.Empty(sink.Received);
    }

    [Fact]
    public async Task A_crash_between_decision_and_delivery_loses_nothing()
    {
        AlertStore store = await StoreAsync();
        AlertDecision? crashed = null;
        await store.ChangeAsync(
            "line1",
            s =>
                (crashed = AlertMachine.Apply(s, Rule, ScoredImages.At(0, 0.6))).State with
                {
                    Claim = new("dead", TimeProvider.System.GetUtcNow()),
                },
            Cancellation
        );
        MemorySink sink = new("queue");
        using AlertRaiser raiser = Raiser(store, sink);

        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);

        Assert.Equal(crashed!.Changes.Select(c => c.Id), sink.Received);
        Assert.Empty((await store.GetAsync("line1", Cancellation)).Outbox);
    }

    [Fact]
    public async Task The_next_image_delivers_what_is_left_when_the_message_was_given_up_on()
    {
        AlertStore store = await StoreAsync();
        bool away = true;
        MemorySink sink = new("queue", _ => away);
        using AlertRaiser raiser = Raiser(store, sink);
        await Assert.ThrowsAsync<IOException>(() => raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));

        await raiser.RaiseAsync(ScoredImages.At(1, 0.2), Rule, Cancellation); // not its own event: the failure is not its own either
        away = false;
        await raiser.RaiseAsync(ScoredImages.At(2, 0.2), Rule, Cancellation);

        string id = AlertMachine.AlertId("line1", "line1/0.png", "0x1");
        Assert.Equal([$"{id}-1-opened", $"{id}-2-closed"], sink.Received);
    }

    [Fact]
    public async Task A_message_waits_for_the_worker_that_delivers_its_event_and_takes_over_when_the_claim_runs_out()
    {
        AlertStore store = await StoreAsync();
        DateTimeOffset until = TimeProvider.System.GetUtcNow().AddSeconds(1);
        await store.ChangeAsync(
            "line1",
            s => AlertMachine.Apply(s, Rule, ScoredImages.At(0, 0.6)).State with { Claim = new("dead", until) },
            Cancellation
        );
        MemorySink sink = new("queue");
        using AlertRaiser raiser = Raiser(store, sink);

        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation).WaitAsync(TimeSpan.FromMinutes(1), Cancellation);

        Assert.Single(sink.Received);
        Assert.True(TimeProvider.System.GetUtcNow() >= until);
    }

    [Fact]
    public async Task An_image_without_an_event_does_not_wait_for_another_worker()
    {
        AlertStore store = await StoreAsync();
        await store.ChangeAsync(
            "line1",
            s => AlertMachine.Apply(s, Rule, ScoredImages.At(0, 0.6)).State with { Claim = new("busy", DateTimeOffset.MaxValue) },
            Cancellation
        );
        MemorySink sink = new("queue");
        using AlertRaiser raiser = Raiser(store, sink);

        IReadOnlyList<AlertChange> changes = await raiser.RaiseAsync(ScoredImages.At(1, 0.2), Rule, Cancellation);

        Assert.Empty(changes);
        Assert.Empty(sink.Received);
    }

    [Fact]
    public async Task Two_workers_on_one_camera_lose_no_event_and_double_none()
    {
        StorageClients storage = await azurite.NewAsync();
        using AlertRaiser one = Raiser(new AlertStore(storage, TimeProvider.System), new QueueAlertSink(storage, TimeProvider.System));
        using AlertRaiser two = Raiser(new AlertStore(storage, TimeProvider.System), new QueueAlertSink(storage, TimeProvider.System));
        Scored[] images = [.. Enumerable.Range(0, 60).Select(i => ScoredImages.At(i, i / 4 % 2 == 0 ? 0.5 + i / 150.0 : 0.2))];
        List<AlertChange> decided = [];

        // Each worker gets every image: half of the deliveries are second ones.
        await Task.WhenAll(
            new[] { one, two }.Select(worker =>
                Parallel.ForEachAsync(
                    images,
                    new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Cancellation },
                    async (image, token) =>
                    {
                        IReadOnlyList<AlertChange> changes = await RetryAsync(() => worker.RaiseAsync(image, Rule, token));
                        lock (decided)
                            decided.AddRange(changes);
                    }
                )
            )
        );

        List<string> received = [];
        while (
            (await storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value
                is { Length: > 0 } messages
        )
            foreach (QueueMessage message in messages)
                // Each event has one
                received.Add(System.Text.Json.JsonDocument.Parse(message.Body).RootElement.GetProperty("id").GetString()!);
        AlertState state = await new AlertStore(storage, TimeProvider.System).GetAsync("line1", Cancellation);
        Assert.Equal(received.Distinct().Count(), received.Count);
        Assert.Equal(decided.Select(c => c.Id).Order(), received.Order());
        Assert.Contains(received, id => id.EndsWith("-1-opened", StringComparison.Ordinal));
        Assert.Equal(60, state.Recent.Count);
        Assert.Empty(state.Outbox);
    }

    [Fact]
    public async Task Receivers_that_fail_at_random_get_every_event_once_and_in_order()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            AlertStore store = await StoreAsync();
            Random random = new(seed);
            MemorySink queue = new("queue", _ => random.Next(3) == 0),
                topic = new("topic", _ => random.Next(3) == 0);
            using AlertRaiser raiser = Raiser(store, queue, topic);
            List<Scored> images = [.. Enumerable.Range(0, 25).Select(i => ScoredImages.At(i, random.NextDouble()))];
            (_, List<AlertChange> expected) = ScoredImages.Run(Rule, images);

            foreach (Scored image in images)
            {
                // A message is delivered again until it succeeds; given up on after three times, its events wait for the next image.
                for (int delivery = 0; delivery < 3; delivery++)
                    if (await Record.ExceptionAsync(() => raiser.RaiseAsync(image, Rule, Cancellation)) is null)
                        break;
            }

            await RetryAsync(() => raiser.RaiseAsync(images[0], Rule, Cancellation));
            Assert.Equal(expected.Select(c => c.Id), queue.Received);
            Assert.Equal(expected.Select(c => c.Id), topic.Received);
        }
    }

    private static async Task<IReadOnlyList<AlertChange>> RetryAsync(Func<Task<IReadOnlyList<AlertChange>>> raise)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await raise();
            }
            catch (IOException) when (attempt < 30)
            {
                // As the queue would.
            }
        }
    }

    private static AlertRaiser Raiser(AlertStore store, params IAlertSink[] sinks) =>
        new(store, sinks, Options.Create(new AlertOptions()), TimeProvider.System, NullLogger<AlertRaiser>.Instance);

    private async Task<AlertStore> StoreAsync() => new(await azurite.NewAsync(), TimeProvider.System);
}
