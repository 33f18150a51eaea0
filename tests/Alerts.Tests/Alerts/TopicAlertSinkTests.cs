using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Cameras;
using Azure.Messaging.ServiceBus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace AaClip.Alerts.Tests.Alerts;

/// <summary>What reaches the topic, seen by a server on this machine in the place of Service Bus. Skipped where the real package stands.</summary>
public sealed class TopicAlertSinkTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<int> _answers = [];
    private readonly ConcurrentQueue<(string Path, Dictionary<string, string> Headers, string Body)> _sent = [];
    private WebApplication? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(typeof(ServiceBusClient).Assembly.GetName().GetPublicKeyToken() is { Length: > 0 }, "The real Azure.Messaging.ServiceBus speaks AMQP.");
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(async context =>
        {
            using StreamReader body = new(context.Request.Body);
            string text = await body.ReadToEndAsync();
            int answer = _answers.TryDequeue(out int next) ? next : 201;
            if (answer == 201)
                _sent.Enqueue((context.Request.Path, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString()), text));
            context.Response.StatusCode = answer;
        });
        await _server.StartAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task An_event_carries_what_subscriptions_filter_by_and_an_id_for_duplicate_detection()
    {
        await using ServiceBusClient client = Client();
        TopicAlertSink sink = new(client, Options.Create(new AlertOptions { Topic = "line-alerts" }));
        AlertEvent[] events = Events("C");
        List<string> accepted = [];

        await sink.SendAsync(events, [], accepted, Cancellation);

        (string path, Dictionary<string, string> headers, string body) = Assert.Single(_sent);
        Assert.Equal("/line-alerts/messages", path);
        Assert.Equal("application/cloudevents+json", headers["Content-Type"]);
        Assert.Equal(
            ("\"line1\"", "\"bottle\"", "\"critical\"", "0.95", "\"demo@1\"", "\"anomalous\"", "\"aaclip.anomaly.opened\""),
            (headers["camera"], headers["objectClass"], headers["severity"], headers["score"], headers["model"], headers["verdict"], headers["type"]));
        JsonElement broker = JsonDocument.Parse(headers["BrokerProperties"]).RootElement;
        Assert.Equal(events[0].Id, broker.GetProperty("MessageId").GetString());
        Assert.Equal("line1", broker.GetProperty("Label").GetString());
        Assert.Equal(events[0].Id, JsonDocument.Parse(body).RootElement.GetProperty("id").GetString());
        Assert.Equal([events[0].Id], accepted);
    }

    [Fact]
    public async Task Several_events_go_as_one_batch()
    {
        await using ServiceBusClient client = Client();
        TopicAlertSink sink = new(client, Options.Create(new AlertOptions { Topic = "line-alerts" }));
        AlertEvent[] events = Events("mCnnn");
        List<string> accepted = [];

        await sink.SendAsync(events, [], accepted, Cancellation);

        JsonElement batch = JsonDocument.Parse(Assert.Single(_sent).Body).RootElement;
        Assert.Equal(events.Select(e => e.Id), batch.EnumerateArray().Select(m => m.GetProperty("BrokerProperties").GetProperty("MessageId").GetString()));
        Assert.Equal(events.Select(e => e.Id), accepted);
    }

    [Fact]
    public async Task A_topic_that_refuses_has_accepted_nothing()
    {
        _answers.Enqueue(404);
        await using ServiceBusClient client = Client();
        TopicAlertSink sink = new(client, Options.Create(new AlertOptions { Topic = "line-alerts" }));
        List<string> accepted = [];

        ServiceBusException refused = await Assert.ThrowsAsync<ServiceBusException>(() => sink.SendAsync(Events("m"), [], accepted, Cancellation));

        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, refused.Reason);
        Assert.Empty(accepted);
    }

    private static AlertEvent[] Events(string letters) =>
        [.. Images.Run(new AlertRule(), Images.Sequence(letters)).Changes.Select(change => AlertEvent.Of(change, new AlertOptions()))];

    private ServiceBusClient Client()
    {
        int port = new Uri(_server!.Urls.First()).Port; // started before each test
        return ServiceBusConnection.Open(new ConfigurationBuilder().AddInMemoryCollection(
            [new("ServiceBus", $"Endpoint=sb://127.0.0.1:{port}/;SharedAccessKeyName=sender;SharedAccessKey=c2VjcmV0;UseDevelopmentEmulator=true")]).Build());
    }
}
