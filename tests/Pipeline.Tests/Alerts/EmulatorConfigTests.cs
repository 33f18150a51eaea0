using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using AaClip.Tests.ServiceBus;
using Amqp;
using Azure.Messaging.ServiceBus;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>azurite/servicebus-emulator.json keeps to what the emulator takes, to infra/bicep, and to what alerts carry.</summary>
public sealed partial class EmulatorConfigTests
{
    private static readonly JsonElement Topic = Namespace().GetProperty("Topics").EnumerateArray().Single();

    private static IEnumerable<JsonElement> Readers => Topic.GetProperty("Subscriptions").EnumerateArray();

    [Fact]
    public void The_topic_has_the_name_of_the_queue_and_drops_what_comes_twice()
    {
        Assert.Equal(QueueNames.Alerts, Name(Topic));
        Assert.True(Topic.GetProperty("Properties").GetProperty("RequiresDuplicateDetection").GetBoolean());
    }

    [Fact]
    public void Every_subscription_of_the_namespace_in_Azure_is_there_with_its_filter()
    {
        string bicep = File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "infra", "bicep", "modules", "servicebus.bicep"));
        string[] names = [.. SubscriptionInBicep().Matches(bicep).Select(m => m.Groups[1].Value)];
        string[] filters = [.. FilterInBicep().Matches(bicep).Select(m => m.Groups[1].Value.Replace(@"\'", "'", StringComparison.Ordinal))];

        Dictionary<string, string> here = Readers.ToDictionary(Name, Filter);

        Assert.NotEmpty(names);
        Assert.Equal(names.Zip(filters), names.Select(name => (name, here[name])));
    }

    [Fact]
    public async Task Filters_ask_for_properties_that_alerts_carry()
    {
        using ServiceBusPeer peer = new(QueueNames.Alerts);
        await using ServiceBusClient client = TopicClient.Open(peer.ConnectionString);
        AlertChange change = ScoredImages.Run(new AlertRule(), ScoredImages.Sequence("m")).Changes[0];

        AlertEvent[] events = [AlertEvent.Of(change, new AlertOptions())];
        await TopicClient.Sink(client, QueueNames.Alerts).SendAsync(events, [], [], TestContext.Current.CancellationToken);

        Message message = Assert.Single(peer.Topic.Stored);
        foreach (string filter in Readers.Select(Filter))
        foreach (Match property in Property().Matches(filter))
            Assert.Contains(property.Groups[1].Value, message.ApplicationProperties.Map.Keys);
    }

    /// <summary>Limits of its schema (github.com/Azure/azure-service-bus-emulator-installer).</summary>
    [Fact]
    public void The_emulator_takes_it()
    {
        Assert.Equal("sbemulatorns", Name(Namespace()));
        JsonElement topic = Topic.GetProperty("Properties");
        Assert.InRange(Duration(topic, "DuplicateDetectionHistoryTimeWindow"), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5));
        Assert.InRange(Duration(topic, "DefaultMessageTimeToLive"), TimeSpan.FromMinutes(5), TimeSpan.FromHours(1));
        Assert.All(
            Readers,
            subscription =>
            {
                JsonElement properties = subscription.GetProperty("Properties");
                Assert.InRange(Duration(properties, "DefaultMessageTimeToLive"), TimeSpan.FromMinutes(5), TimeSpan.FromHours(1));
                Assert.InRange(Duration(properties, "LockDuration"), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5));
                Assert.InRange(properties.GetProperty("MaxDeliveryCount").GetInt32(), 1, 10);
                JsonElement rule = Assert.Single(subscription.GetProperty("Rules").EnumerateArray());
                Assert.Matches(@"^[A-Za-z0-9]([\w./-]*[A-Za-z0-9])?$", Name(rule)); // "$Default" would not do
                Assert.Equal("Sql", rule.GetProperty("Properties").GetProperty("FilterType").GetString());
                Assert.InRange(Filter(subscription).Length, 1, 1024);
            }
        );
    }

    private static JsonElement Namespace() =>
        JsonDocument
            .Parse(File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "azurite", "servicebus-emulator.json")))
            .RootElement.GetProperty("UserConfig")
            .GetProperty("Namespaces")
            .EnumerateArray()
            .Single();

    private static string Name(JsonElement entity) => entity.GetProperty("Name").GetString()!; // a name is no JSON null

    private static string Filter(JsonElement subscription) =>
        // Nor is a filter
        subscription.GetProperty("Rules")[0].GetProperty("Properties").GetProperty("SqlFilter").GetProperty("SqlExpression").GetString()!;

    private static TimeSpan Duration(JsonElement properties, string name) =>
        XmlConvert.ToTimeSpan(properties.GetProperty(name).GetString()!); // nor is a time

    [GeneratedRegex(@"topics/subscriptions@[\w-]+' = \{\s+parent: alerts\s+name: '([^']+)'")]
    private static partial Regex SubscriptionInBicep();

    [GeneratedRegex(@"sqlExpression: '((?:[^'\\]|\\.)+)'")]
    private static partial Regex FilterInBicep();

    // A name on the left of a comparison.
    [GeneratedRegex(@"(\w+) (?:=|IN|LIKE)(?= )")]
    private static partial Regex Property();
}
