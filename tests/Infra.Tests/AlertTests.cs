using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using AaClip.Tests;
using Azure.Messaging.ServiceBus;

namespace AaClip.Infra.Tests;

/// <summary>Alert rules for operators, and the subscriptions for alerts of images and cameras.</summary>
public partial class AlertTests(Bicep bicep)
{
    private const string Diagnostics = "Microsoft.Insights/diagnosticSettings";
    private const string Filter = "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules";

    [Fact]
    public void Rules_query_metrics_and_queues_that_the_code_has()
    {
        string[] queries = [.. bicep.Prod.All(Deployment.LogRule).Select(Query)];

        IEnumerable<string> metrics = queries.SelectMany(q => Metric().Matches(q)).Select(m => m.Groups[1].Value).Distinct();
        IEnumerable<string> queues = queries.SelectMany(q => Queues().Matches(q)).SelectMany(m => m.Groups[1].Value.Split("', '"));

        Assert.Equal(["aaclip.failures", "aaclip.images.scored", "aaclip.queue.age", "aaclip.skipped"], metrics.Order());
        Assert.All(metrics, m => Assert.Contains(m, Instruments()));
        Assert.Equal([QueueNames.Score, QueueNames.Scored, QueueNames.Uploads], queues.Order());
        Assert.Contains($"'{FailureCodes.GivenUp}'", Query(bicep.Prod.One(Deployment.LogRule, "given-up")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stopped_pipeline_is_detected_from_the_delivered_events()
    {
        JsonElement rule = bicep.Prod.One(Deployment.LogRule, "nothing-scored");
        JsonElement metrics = bicep.Prod.One(Diagnostics, "metrics");
        string workspace = bicep.Prod.One(Deployment.Workspace).Text("id");

        Assert.Contains("MetricName == 'DeliverySuccessCount'", Query(rule), StringComparison.Ordinal);
        Assert.Contains("ago(30m)", Query(rule), StringComparison.Ordinal);
        Assert.Equal("PT1H", rule.Text("properties.windowSize")); // more than the 45 minutes that the parameter allows
        Assert.Equal([workspace], rule.Texts("properties.scopes"));
        Assert.Contains("/systemTopics/", metrics.Text("id"), StringComparison.Ordinal);
        Assert.Equal(workspace, metrics.Text("properties.workspaceId"));
        Assert.Equal("AllMetrics", Assert.Single(metrics.Items("properties.metrics")).Text("category"));
        Assert.Equal(workspace, bicep.Prod.One(Deployment.Insights).Text("properties.WorkspaceResourceId")); // holds the verdicts
    }

    [Fact]
    public void Every_rule_notifies_an_existing_action_group()
    {
        JsonElement people = bicep.Prod.One("Microsoft.Insights/actionGroups");
        JsonElement[] logs = [.. bicep.Prod.All(Deployment.LogRule)],
            metrics = [.. bicep.Prod.All(Deployment.MetricRule)];

        Assert.Equal("ops@example.com", Assert.Single(people.Items("properties.emailReceivers")).Text("emailAddress"));
        Assert.All(logs, r => Assert.Equal([people.Text("id")], r.Texts("properties.actions.actionGroups")));
        Assert.All(metrics, r => Assert.Equal(people.Text("id"), Assert.Single(r.Items("properties.actions")).Text("actionGroupId")));
        Assert.All(logs.Concat(metrics), r => Assert.True(r.Flag("properties.enabled")));
        Assert.Equal(
            [
                "alerts-unread",
                "events-dropped",
                "events-undelivered",
                "failed-images",
                "given-up",
                "nothing-scored",
                "queue-age",
                "queue-messages",
                "scorer-restarts",
            ],
            logs.Concat(metrics).Select(r => r.Text("name")["aaclip-".Length..]).Order()
        );
    }

    [Fact]
    public void Filters_of_the_subscriptions_use_properties_that_alerts_have()
    {
        // The only method that makes a message from an event.
        MethodInfo make = Assert.Single(
            typeof(TopicAlertSink).GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public),
            m => m.ReturnType == typeof(ServiceBusMessage)
        );
        // A message, never null
        ServiceBusMessage[] messages = [.. ((AlertEvent[])[Opened(), Silent()]).Select(e => (ServiceBusMessage)make.Invoke(null, [e])!)];
        string[] filters = [.. bicep.Dev.All(Filter).Select(r => r.Text("properties.sqlFilter.sqlExpression"))];
        string emulator = File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "azurite", "servicebus-emulator.json"));

        Assert.Equal(3, filters.Length);
        Assert.All(filters, f => Assert.Contains($"\"{f}\"", emulator, StringComparison.Ordinal)); // the emulator has the deployed filters
        Assert.All(
            filters,
            f =>
            {
                string property = f.Split(' ')[0];
                Assert.Contains(
                    messages,
                    m =>
                        m.ApplicationProperties.TryGetValue(property, out object? value)
                        && f.Contains($"'{value}'", StringComparison.Ordinal) // it lets this alert through
                );
            }
        );
        Assert.EndsWith($"/{QueueNames.Alerts}", bicep.Dev.One(Deployment.ServiceBus + "/topics").Text("name"), StringComparison.Ordinal);
        Assert.Equal(QueueNames.Alerts, bicep.Dev.AppOf("router").Settings["Alert__Topic"]);
    }

    // An opened alert of the highest severity.
    private static AlertEvent Opened()
    {
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        return AlertEvent.Of(
            new AlertChange
            {
                AlertId = "1",
                Sequence = 1,
                Type = AlertChangeType.Opened,
                Camera = "line1",
                Severity = new AlertRule().SeverityBands[^1].Name,
                Time = now,
                OpenedAt = now,
                Images = 1,
                Picture = new AlertPicture("line1/a.png", "0x1", now, "bottle", "demo@1", 1, 1, 0.5, null, "demo@1/a/0x1.json", null),
            },
            new AlertOptions()
        );
    }

    private static AlertEvent Silent() =>
        AlertEvent.Of(
            new AlertChange
            {
                AlertId = "2",
                Sequence = 1,
                Type = AlertChangeType.Opened,
                Camera = "line1",
                Time = DateTimeOffset.UnixEpoch,
                OpenedAt = DateTimeOffset.UnixEpoch,
                Silence = new AlertSilence(DateTimeOffset.UnixEpoch, 300),
            },
            new AlertOptions()
        );

    private static string Query(JsonElement rule) => Assert.Single(rule.Items("properties.criteria.allOf")).Text("query");

    private static HashSet<string> Instruments()
    {
        HashSet<string> names = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == Tracing.Name)
                    names.Add(instrument.Name);
            },
        };
        listener.Start();
        RuntimeHelpers.RunClassConstructor(typeof(Metrics).TypeHandle);
        return names;
    }

    [GeneratedRegex("'(aaclip[^']*)'")]
    private static partial Regex Metric();

    [GeneratedRegex(@"queue\) in \('([^)]*)'\)")]
    private static partial Regex Queues();
}
