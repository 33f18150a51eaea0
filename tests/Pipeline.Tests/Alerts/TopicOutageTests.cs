using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Tests;
using AaClip.Tests.ServiceBus;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A topic that hangs, is busy, refuses or goes away costs time, and no alert: each event arrives once.</summary>
public sealed class TopicOutageTests(AzuriteFixture azurite) : IDisposable
{
    private static readonly AlertRule Rule = new(CoolDownSeconds: 0, CloseAfterNormal: 2);
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(5);

    private readonly ServiceBusPeer _peer = new("line-alerts");
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _peer.Dispose();

    /// <summary>The clock stands until the peer has been asked, and goes on by no more than what sending may take.</summary>
    [Theory]
    [InlineData("hangs")]
    [InlineData("holds")]
    [InlineData("busy")]
    [InlineData("away")]
    public async Task Sending_stops_before_the_claim_ends_and_the_event_arrives_once_when_the_topic_is_back(string topic)
    {
        AlertStore store = new(await azurite.NewAsync(), _time);
        await using ServiceBusClient client = Client();
        using AlertRaiser raiser = Raiser(store, client, _time);
        Begin(topic);

        Task raising = raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation);
        await Eventually.HappensAsync(() => _peer.LinksLeft + _peer.Topic.Transfers.Count + _peer.TurnedAway > 0);
        DateTimeOffset until = (await store.GetAsync("line1", Cancellation)).Claim!.Until; // made before anything is sent
        _time.Advance(AlertRaiser.SendTime);
        TimeoutException late = await Assert.ThrowsAsync<TimeoutException>(() => raising.WaitAsync(Hang, Cancellation));
        AlertState between = await store.GetAsync("line1", Cancellation);
        End(topic);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation); // the message comes again
        _peer.Topic.TakeHeld(); // what was sent before arrives at last

        Assert.Contains("'topic' did not accept the alerts of camera 'line1' within 15 s", late.Message, StringComparison.Ordinal);
        Assert.True(_time.GetUtcNow() < until);
        Assert.Single(between.Outbox);
        Assert.Null(between.Claim);
        string id = AlertMachine.AlertId("line1", "line1/0.png", "0x1") + "-1-opened";
        Assert.All(_peer.Topic.Transfers, ids => Assert.Equal([id], ids));
        Assert.Equal([id], _peer.Topic.Stored.Select(m => m.Properties.MessageId));
        Assert.Empty((await store.GetAsync("line1", Cancellation)).Outbox);
    }

    [Fact]
    public async Task What_storing_the_claim_took_is_no_longer_there_for_sending()
    {
        LateClock time = new();
        AlertStore store = new(await azurite.NewAsync(), time);
        await using ServiceBusClient client = Client();
        using AlertRaiser raiser = Raiser(store, client, time);

        await Assert.ThrowsAsync<TimeoutException>(() => raiser.RaiseAsync(ScoredImages.At(0, 0.6), Rule, Cancellation));

        Assert.Empty(_peer.Topic.Transfers);
        Assert.Single((await store.GetAsync("line1", Cancellation)).Outbox);
    }

    [Fact]
    public async Task Two_workers_and_a_topic_that_refuses_and_cuts_at_random_lose_no_event_and_double_none()
    {
        AlertStore store = new(await azurite.NewAsync(), TimeProvider.System);
        MemorySink all = new("queue"); // never fails: knows each event, in the order of the decisions
        await using ServiceBusClient first = Client(),
            second = Client();
        using AlertRaiser one = Raiser(store, first, TimeProvider.System, all),
            two = Raiser(store, second, TimeProvider.System, all);
        Random random = new(20260131);
        PeerAnswer[] answers = [PeerAnswer.Reject, PeerAnswer.AcceptAndCut, PeerAnswer.Accept, PeerAnswer.Accept];
        for (int i = 0; i < 20; i++)
            _peer.Topic.Answers.Enqueue(answers[random.Next(answers.Length)]);
        Scored[] images = [.. Enumerable.Range(0, 40).Select(i => ScoredImages.At(i, i / 4 % 2 == 0 ? 0.5 + i / 100.0 : 0.2))];

        // Each worker gets every image: half of the deliveries are second ones.
        ParallelOptions four = new() { MaxDegreeOfParallelism = 4, CancellationToken = Cancellation };
        await Task.WhenAll(
            new[] { one, two }.Select(worker =>
                Parallel.ForEachAsync(images, four, async (image, token) => await UntilDeliveredAsync(worker, image, token))
            )
        );

        string[] stored = [.. _peer.Topic.Stored.Select(m => m.Properties.MessageId)];
        Assert.Contains(stored, id => id.EndsWith("-opened", StringComparison.Ordinal));
        Assert.Contains(stored, id => id.EndsWith("-closed", StringComparison.Ordinal));
        Assert.Equal(all.Received, stored);
        Assert.Empty((await store.GetAsync("line1", Cancellation)).Outbox);
    }

    private void Begin(string topic)
    {
        _peer.Hangs = topic == "hangs";
        _peer.Topic.Otherwise = topic switch
        {
            "holds" => PeerAnswer.Hold,
            "busy" => PeerAnswer.Busy,
            _ => PeerAnswer.Accept,
        };
        if (topic == "away")
            _peer.GoAway();
    }

    private void End(string topic)
    {
        _peer.Hangs = false;
        _peer.Topic.Otherwise = PeerAnswer.Accept;
        if (topic == "away")
            _peer.ComeBack();
    }

    // As the queue would.
    private static async Task UntilDeliveredAsync(AlertRaiser worker, Scored image, CancellationToken cancellation)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await worker.RaiseAsync(image, Rule, cancellation);
                return;
            }
            catch (Exception e) when (attempt < 60 && e is IOException or ServiceBusException)
            {
                // The message comes again.
            }
        }
    }

    private static AlertRaiser Raiser(AlertStore store, ServiceBusClient client, TimeProvider time, params IAlertSink[] others)
    {
        IAlertSink[] sinks = [.. others, TopicClient.Sink(client, "line-alerts")];
        return new AlertRaiser(store, sinks, Options.Create(new AlertOptions()), time, NullLogger<AlertRaiser>.Instance);
    }

    private ServiceBusClient Client() => TopicClient.Open(_peer.ConnectionString);

    // Who looks again finds that all the time for sending has gone by.
    private sealed class LateClock : TimeProvider
    {
        private int _looks;

        public override DateTimeOffset GetUtcNow() =>
            Interlocked.Increment(ref _looks) == 1 ? ScoredImages.Start : ScoredImages.Start + AlertRaiser.SendTime;
    }
}
