using AaClip.Pipeline.Alerts;
using AaClip.Tests.ServiceBus;
using Amqp;
using Amqp.Framing;

namespace AaClip.EndToEnd.Tests;

/// <summary>The function app as it is deployed, and an AMQP peer on loopback in the place of Service Bus.</summary>
public class Sending_alerts_to_a_topic(AzuriteFixture azurite)
{
    private const string Cameras = """{ "schemaVersion": 1, "cameras": { "line1": { "class": "bottle", "threshold": 0.001 } } }""";

    [Fact]
    public async Task Delivers_to_its_subscriptions_what_the_queue_gets_also_when_it_was_away_at_first()
    {
        using ServiceBusPeer peer = new("alerts", "severe");
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        await site.StartWorkerAsync(settings: new() { ["Alert__Topic"] = "alerts", ["ServiceBus"] = peer.ConnectionString });
        peer.GoAway();

        await site.DropAsync("line1/a.png", seed: 1);
        AlertEvent queued = Assert.Single(await site.AlertsAsync(1));
        await site.WaitAsync("an attempt to reach the topic", () => Task.FromResult(peer.TurnedAway > 0 ? peer : null));
        peer.ComeBack();
        await site.QuietAsync();

        Message sent = Assert.Single(peer.Topic.Stored);
        Assert.Equal(queued.Envelope.Id, sent.Properties.MessageId);
        Assert.Equal("line1", sent.ApplicationProperties["camera"]);
        Assert.Equal(queued.ToJson().ToString(), BinaryData.FromBytes(((Data)sent.BodySection).Binary).ToString());
    }
}
