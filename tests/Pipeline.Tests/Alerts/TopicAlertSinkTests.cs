using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;
using AaClip.Tests;
using AaClip.Tests.ServiceBus;
using Amqp;
using Amqp.Framing;
using Azure.Messaging.ServiceBus;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>What reaches the topic, sent by the real client to an AMQP peer on loopback, and what the sink makes of its answers.</summary>
public sealed class TopicAlertSinkTests : IDisposable
{
    private readonly ServiceBusPeer _peer = new("line-alerts");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _peer.Dispose();

    [Fact]
    public async Task An_event_carries_what_subscriptions_filter_by_and_an_id_for_duplicate_detection()
    {
        await using ServiceBusClient client = Client();
        AlertEvent[] events = Events("C");

        List<string> accepted = await SendAsync(client, events);

        Message message = Assert.Single(_peer.Topic.Stored);
        Properties own = message.Properties;
        Assert.Equal(
            (events[0].Envelope.Id, "line1", events[0].Data.AlertId, "application/cloudevents+json"),
            (own.MessageId, own.Subject, own.CorrelationId, (string)own.ContentType)
        );
        Dictionary<string, object> expected = new()
        {
            ["camera"] = "line1",
            ["kind"] = "anomaly",
            ["objectClass"] = "bottle",
            ["severity"] = "critical",
            ["score"] = 0.95,
            ["model"] = "demo@1",
            ["verdict"] = "anomalous",
            ["type"] = "aaclip.anomaly.opened",
        };
        foreach ((string name, object value) in expected)
            Assert.Equal(value, message.ApplicationProperties[name]);
        JsonElement body = JsonDocument.Parse(((Data)message.BodySection).Binary).RootElement;
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(events[0].ToJson()).RootElement, body));
        Assert.Equal([events[0].Envelope.Id], accepted);
    }

    [Fact]
    public async Task Several_events_go_as_one_batch_in_their_order()
    {
        await using ServiceBusClient client = Client();
        AlertEvent[] events = Events("mCnnn");

        List<string> accepted = await SendAsync(client, events);

        Assert.Equal(3, events.Length);
        Assert.Equal(events.Select(e => e.Envelope.Id), Assert.Single(_peer.Topic.Transfers));
        Assert.Equal(events.Select(e => e.Envelope.Id), _peer.Topic.Stored.Select(m => m.Properties.MessageId));
        Assert.Equal(events.Select(e => e.Envelope.Id), accepted);
    }

    [Fact]
    public async Task Events_that_do_not_fit_into_one_batch_go_in_several()
    {
        await using ServiceBusClient client = Client();
        AlertEvent[] events = Events("m", count: 30, image: new string('x', 10_000)); // 20 of them fill the 256 KiB that a topic takes

        List<string> accepted = await SendAsync(client, events);

        Assert.InRange(_peer.Topic.Transfers.Count, 2, 3);
        Assert.Equal(events.Select(e => e.Envelope.Id), _peer.Topic.Stored.Select(m => m.Properties.MessageId));
        Assert.Equal(events.Select(e => e.Envelope.Id), accepted);
    }

    [Fact]
    public async Task An_event_that_no_batch_takes_is_refused_by_its_id()
    {
        await using ServiceBusClient client = Client();
        AlertEvent[] events = Events("m", image: new string('x', 300_000));

        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => SendAsync(client, events));

        Assert.Contains(events[0].Envelope.Id, refused.Message, StringComparison.Ordinal);
        Assert.Contains("262144 bytes that the topic 'line-alerts' accepts", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMQP_over_WebSockets_brings_the_same()
    {
        await using WebSocketBridge bridge = await WebSocketBridge.StartAsync(_peer.Port, Cancellation);
        await using ServiceBusClient client = TopicClient.Open(ServiceBusPeer.At(bridge.Port), ServiceBusTransportType.AmqpWebSockets);
        AlertEvent[] events = Events("mC");

        List<string> accepted = await SendAsync(client, events);

        Assert.Equal(1, bridge.Connections);
        Assert.Equal(events.Select(e => e.Envelope.Id), _peer.Topic.Stored.Select(m => m.Properties.MessageId));
        Assert.Equal(events.Select(e => e.Envelope.Id), accepted);
    }

    [Fact]
    public async Task A_topic_that_is_absent_has_accepted_nothing_and_is_named()
    {
        await using ServiceBusClient client = Client();
        List<string> accepted = [];

        ServiceBusException refused = await Assert.ThrowsAsync<ServiceBusException>(() =>
            SendAsync(client, Events("m"), accepted, topic: "elsewhere")
        );

        Assert.Equal((ServiceBusFailureReason.MessagingEntityNotFound, false), (refused.Reason, refused.IsTransient));
        Assert.Contains("'elsewhere'", refused.Message, StringComparison.Ordinal);
        Assert.Empty(accepted);
    }

    [Fact]
    public async Task A_topic_that_refuses_has_accepted_nothing_and_is_asked_once()
    {
        _peer.Topic.Answers.Enqueue(PeerAnswer.Reject);
        await using ServiceBusClient client = Client();
        List<string> accepted = [];

        ServiceBusException refused = await Assert.ThrowsAsync<ServiceBusException>(() => SendAsync(client, Events("m"), accepted));

        Assert.Equal(ServiceBusFailureReason.MessagingEntityDisabled, refused.Reason);
        Assert.Single(_peer.Topic.Transfers);
        Assert.Empty(accepted);
    }

    [Fact]
    public async Task A_topic_that_answers_late_is_waited_for()
    {
        _peer.Topic.Answers.Enqueue(PeerAnswer.Hold);
        await using ServiceBusClient client = Client();
        List<string> accepted = [];

        Task sending = SendAsync(client, Events("m"), accepted);
        await Eventually.HappensAsync(() => _peer.Topic.Transfers.Count == 1);
        Assert.Empty(accepted);
        _peer.Topic.TakeHeld();
        await sending;

        Assert.Single(accepted);
        Assert.Equal(accepted, _peer.Topic.Stored.Select(m => m.Properties.MessageId));
    }

    [Fact]
    public async Task An_answer_that_is_lost_makes_no_second_message()
    {
        _peer.Topic.Answers.Enqueue(PeerAnswer.AcceptAndCut);
        await using ServiceBusClient client = Client();
        AlertEvent[] events = Events("mC");

        List<string> accepted = await SendAsync(client, events);

        Assert.True(_peer.Topic.Transfers.Count > 1);
        Assert.All(_peer.Topic.Transfers, ids => Assert.Equal(events.Select(e => e.Envelope.Id), ids));
        Assert.Equal(events.Select(e => e.Envelope.Id), _peer.Topic.Stored.Select(m => m.Properties.MessageId));
        Assert.Equal(events.Select(e => e.Envelope.Id), accepted);
    }

    [Fact]
    public async Task A_topic_that_goes_away_and_comes_back_has_the_event_once()
    {
        await using ServiceBusClient client = Client();
        await SendAsync(client, Events("m"));
        _peer.GoAway();
        AlertEvent[] events = Events("mC")[1..];
        List<string> accepted = [];

        Task sending = SendAsync(client, events, accepted);
        await Eventually.HappensAsync(() => _peer.TurnedAway >= 2);
        _peer.ComeBack();
        await sending;

        Assert.Equal(events.Select(e => e.Envelope.Id), accepted);
        Assert.Equal(2, _peer.Topic.Stored.Count);
    }

    [Fact]
    public async Task A_topic_that_hangs_is_left_as_soon_as_it_is_asked_for()
    {
        _peer.Hangs = true;
        ServiceBusRetryOptions patient = new() { TryTimeout = TimeSpan.FromMinutes(5) }; // the client itself would wait so long
        await using ServiceBusClient client = new(_peer.ConnectionString, new ServiceBusClientOptions { RetryOptions = patient });
        using CancellationTokenSource over = new();

        Task sending = TopicClient.Sink(client, "line-alerts").SendAsync(Events("m"), [], [], over.Token);
        await Eventually.HappensAsync(() => _peer.LinksLeft == 1);
        await over.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(TimeSpan.FromMinutes(5), Cancellation));
    }

    /// <summary>Takes 10 s: the client waits so long, whatever its options say.</summary>
    [Fact]
    public async Task A_topic_that_is_busy_is_asked_again()
    {
        _peer.Topic.Answers.Enqueue(PeerAnswer.Busy);
        await using ServiceBusClient client = Client();

        List<string> accepted = await SendAsync(client, Events("m"));

        Assert.Equal(2, _peer.Topic.Transfers.Count);
        Assert.Equal(accepted, _peer.Topic.Stored.Select(m => m.Properties.MessageId));
    }

    private static AlertEvent[] Events(string letters, int count = 1, string? image = null) =>
        [
            .. ScoredImages
                .Run(new AlertRule(), ScoredImages.Sequence(letters))
                .Changes.SelectMany(change => Enumerable.Range(0, count).Select(i => change with { Sequence = change.Sequence + i }))
                .Select(change => image is null ? change : change with { Picture = change.Picture! with { Image = image } })
                .Select(change => AlertEvent.Of(change, new AlertOptions())),
        ];

    private static async Task<List<string>> SendAsync(
        ServiceBusClient client,
        AlertEvent[] events,
        List<string>? accepted = null,
        string topic = "line-alerts"
    )
    {
        accepted ??= [];
        await TopicClient.Sink(client, topic).SendAsync(events, [], accepted, Cancellation);
        return accepted;
    }

    private ServiceBusClient Client() => TopicClient.Open(_peer.ConnectionString);
}
