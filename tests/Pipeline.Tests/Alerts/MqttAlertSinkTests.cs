using System.Buffers;
using System.Collections.Concurrent;
using AaClip.Pipeline.Alerts;
using AaClip.Tests;
using Microsoft.Extensions.Options;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>What a real broker and its subscribers get, and what the sink makes of the broker's answers.</summary>
public sealed class MqttAlertSinkTests
{
    private const string Password = "a-password-of-a-broker";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_subscriber_gets_each_event_once_in_order_with_its_properties()
    {
        await using MqttBroker broker = await MqttBroker.StartAsync(password: Password);
        ConcurrentQueue<MqttApplicationMessage> received = new();
        using IMqttClient subscriber = await SubscribeAsync(broker, "aaclip/alerts/+", received);
        AlertEvent[] events = AlertEvents.Of("mCnnn");

        List<string> accepted = await SendAsync(broker, events);

        await Eventually.HappensAsync(() => received.Count >= 3);
        Assert.Equal(events.Select(e => e.Envelope.Id), received.Select(MqttBroker.Id));
        Assert.Equal(events.Select(e => e.Envelope.Id), accepted);
        Assert.Equal(2, broker.Connections); // the subscriber, and one for all events
        MqttApplicationMessage second = received.ElementAt(1);
        Assert.Equal("aaclip/alerts/line1", second.Topic);
        Assert.Equal("application/cloudevents+json", second.ContentType);
        Assert.Equal(events[1].ToJson().ToArray(), second.Payload.ToArray());
        Dictionary<string, string> expected = new()
        {
            ["camera"] = "line1",
            ["kind"] = "anomaly",
            ["objectClass"] = "bottle",
            ["severity"] = "critical",
            ["score"] = "0.95",
            ["model"] = "demo@1",
            ["verdict"] = "anomalous",
            ["type"] = "aaclip.anomaly.updated",
        };
        foreach ((string name, string value) in expected)
            Assert.Equal(value, MqttBroker.Property(second, name));
        Assert.All(
            broker.Published,
            m =>
                Assert.Equal(
                    (MqttQualityOfServiceLevel.AtLeastOnce, 604_800u, false),
                    (m.QualityOfServiceLevel, m.MessageExpiryInterval, m.Retain)
                )
        );
    }

    [Theory]
    [InlineData("aaclip/alerts/{camera}", "line1", "aaclip/alerts/line1")]
    [InlineData("{camera}/{class}/{type}/{severity}", "line1", "line1/bottle/opened/critical")]
    [InlineData("alerts", "line1", "alerts")]
    [InlineData("a/{camera}", "hall 2/+#$%\0\u0085\u00E4", "a/hall 2%2F%2B%23%24%25%00%C2%85\u00E4")]
    [InlineData("{camera}/x", "$SYS", "%24SYS/x")]
    public void A_topic_keeps_each_value_within_its_level(string pattern, string camera, string expected)
    {
        string topic = MqttTopic.Of(pattern, Assert.Single(AlertEvents.Of("C", camera)));

        Assert.Equal(expected, topic);
    }

    [Fact]
    public async Task A_camera_with_the_characters_of_wildcards_is_accepted_by_the_broker()
    {
        await using MqttBroker broker = await MqttBroker.StartAsync();

        await SendAsync(broker, AlertEvents.Of("C", "hall+2#/\u00E4"));

        MqttApplicationMessage message = Assert.Single(broker.Published);
        Assert.Equal("aaclip/alerts/hall%2B2%23%2F\u00E4", message.Topic);
        Assert.Equal("hall+2#/\u00E4", MqttBroker.Property(message, "camera"));
    }

    [Theory]
    [InlineData(MqttPubAckReasonCode.NotAuthorized)]
    [InlineData(MqttPubAckReasonCode.TopicNameInvalid)]
    public async Task An_acknowledgement_that_refuses_is_a_failure_and_later_events_wait(MqttPubAckReasonCode code)
    {
        await using MqttBroker broker = await MqttBroker.StartAsync();
        broker.Answers.Enqueue(MqttPubAckReasonCode.Success);
        broker.Answers.Enqueue(code);
        AlertEvent[] events = AlertEvents.Of("mCnnn");
        List<string> accepted = [];

        IOException refused = await Assert.ThrowsAsync<IOException>(() => SendAsync(broker, events, accepted));

        Assert.Contains(
            $"refused the alert event '{events[1].Envelope.Id}' on the topic 'aaclip/alerts/line1': {code}",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Equal([events[0].Envelope.Id], accepted);
        Assert.Equal(2, broker.Published.Length);
    }

    [Fact]
    public async Task A_broker_whose_quota_is_used_up_is_asked_again()
    {
        await using MqttBroker broker = await MqttBroker.StartAsync();
        broker.Answers.Enqueue(MqttPubAckReasonCode.QuotaExceeded);

        List<string> accepted = await SendAsync(broker, AlertEvents.Of("C"));

        Assert.Equal(2, broker.Published.Length);
        Assert.Single(accepted);
    }

    [Fact]
    public async Task A_broker_that_does_not_acknowledge_is_asked_again_over_a_new_connection()
    {
        await using MqttBroker broker = await MqttBroker.StartAsync();
        TaskCompletionSource gate = new();
        broker.Gate = gate.Task;

        Task<List<string>> sending = SendAsync(broker, AlertEvents.Of("C"));
        await Eventually.HappensAsync(() => broker.Published.Length == 1);
        broker.Gate = Task.CompletedTask;
        List<string> accepted = await sending;
        gate.SetResult();

        Assert.Equal([accepted[0], accepted[0]], broker.Ids);
        Assert.Equal(2, broker.Connections);
    }

    [Fact]
    public async Task A_broker_that_restarts_is_reached_again_by_the_same_sink()
    {
        await using MqttBroker broker = await MqttBroker.StartAsync();
        AlertEvent[] events = AlertEvents.Of("mC");
        using MqttAlertSink sink = Sink(broker);
        List<string> accepted = [];
        await sink.SendAsync(events[..1], [], accepted, Cancellation);

        await broker.GoAwayAsync();
        Task sending = sink.SendAsync(events[1..], [], accepted, Cancellation);
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation); // the first attempts fail
        await broker.ComeBackAsync();
        await sending;

        Assert.Equal(events.Select(e => e.Envelope.Id), broker.Ids);
        Assert.Equal(broker.Ids, accepted);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("line", "wrong-c2VjcmV0")]
    public async Task Bad_credentials_are_told_at_once_without_the_password(string user, string password)
    {
        await using MqttBroker broker = await MqttBroker.StartAsync(password: Password);

        IOException refused = await Assert.ThrowsAsync<IOException>(() => SendAsync(broker, AlertEvents.Of("C"), [], user, password));

        Assert.StartsWith(
            $"The MQTT broker {broker.Address} refused the connection: BadUserNameOrPassword",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("Check Alert__MqttUser and Alert__MqttPassword", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", refused.ToString(), StringComparison.Ordinal);
        Assert.Empty(broker.Published);
    }

    /// <summary>Takes about 10 s: all attempts.</summary>
    [Fact]
    public async Task A_certificate_that_the_platform_does_not_trust_is_refused()
    {
        await using MqttBroker broker = await MqttBroker.StartAsync(tls: true);

        IOException refused = await Assert.ThrowsAsync<IOException>(() => SendAsync(broker, AlertEvents.Of("C")));

        Assert.StartsWith($"The MQTT broker {broker.Address} could not be reached: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("certificate", refused.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, broker.Connections);
    }

    private static async Task<List<string>> SendAsync(
        MqttBroker broker,
        AlertEvent[] events,
        List<string>? accepted = null,
        string user = "line",
        string password = Password
    )
    {
        accepted ??= [];
        using MqttAlertSink sink = Sink(broker, user, password);
        await sink.SendAsync(events, [], accepted, Cancellation);
        return accepted;
    }

    private static MqttAlertSink Sink(MqttBroker broker, string user = "line", string password = Password)
    {
        AlertOptions options = new()
        {
            Mqtt = broker.Address,
            MqttUser = user,
            MqttPassword = password,
        };
        return new MqttAlertSink(Options.Create(options), TimeProvider.System);
    }

    private static async Task<IMqttClient> SubscribeAsync(
        MqttBroker broker,
        string filter,
        ConcurrentQueue<MqttApplicationMessage> received
    )
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += message =>
        {
            received.Enqueue(message.ApplicationMessage);
            return Task.CompletedTask;
        };
        Uri address = new(broker.Address);
        MqttClientOptions options = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTcpServer(address.Host, address.Port)
            .WithTlsOptions(tls => tls.UseTls(false))
            .WithCredentials("reader", Password)
            .Build();
        await client.ConnectAsync(options, Cancellation);
        MqttTopicFilter all = new() { Topic = filter, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce };
        await client.SubscribeAsync(new MqttClientSubscribeOptions { TopicFilters = [all] }, Cancellation);
        return client;
    }
}
