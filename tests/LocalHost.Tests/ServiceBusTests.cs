using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Core;
using Azure.Messaging.ServiceBus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace AaClip.LocalHost.Tests;

/// <summary>What the polyfill of the sender puts on the wire, seen by a server on this machine. Skipped where the real package stands.</summary>
public sealed class ServiceBusTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<int> _answers = [];
    private readonly ConcurrentQueue<Sent> _sent = [];
    private WebApplication? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Connection => $"Endpoint=sb://127.0.0.1:{new Uri(_server!.Urls.First()).Port}/;SharedAccessKeyName=sender;SharedAccessKey=c2VjcmV0;UseDevelopmentEmulator=true";

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(typeof(ServiceBusClient).Assembly.GetName().GetPublicKeyToken() is { Length: > 0 }, "The real Azure.Messaging.ServiceBus speaks AMQP.");
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(async context =>
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body);
            _sent.Enqueue(new Sent(context.Request.Method, context.Request.Path, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()), body.ToArray()));
            context.Response.StatusCode = _answers.TryDequeue(out int answer) ? answer : 201;
        });
        await _server.StartAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_message_carries_its_properties_in_headers_and_its_body_as_it_is()
    {
        await using ServiceBusClient client = new(Connection);
        await using ServiceBusSender sender = client.CreateSender("alerts");

        await sender.SendMessageAsync(Alert("Kratzer für \"5\""), Cancellation);

        Sent sent = Assert.Single(_sent);
        Assert.Equal(("POST", "/alerts/messages", """{"a":1}"""), (sent.Method, sent.Path, Encoding.UTF8.GetString(sent.Body)));
        Assert.Equal("application/cloudevents+json", sent.Headers["Content-Type"]);
        Assert.Equal("0.75", sent.Headers["score"]);
        Assert.Equal("true", sent.Headers["opened"]);
        Assert.Equal("Kratzer für \"5\"", JsonSerializer.Deserialize<string>(sent.Headers["camera"]));
        JsonElement broker = JsonDocument.Parse(sent.Headers["BrokerProperties"]).RootElement;
        Assert.Equal("id-1", broker.GetProperty("MessageId").GetString());
        Assert.Equal("aaclip.anomaly.opened", broker.GetProperty("Label").GetString());
        Assert.Equal("c-1", broker.GetProperty("CorrelationId").GetString());
        Assert.Equal(90, broker.GetProperty("TimeToLive").GetDouble());
        Assert.False(broker.TryGetProperty("SessionId", out _));
    }

    [Fact]
    public async Task The_token_is_signed_with_the_key_for_the_entity_s_address()
    {
        await using ServiceBusClient client = new(Connection);

        await client.CreateSender("Alerts").SendMessageAsync(new ServiceBusMessage("x"), Cancellation);

        string token = Assert.Single(_sent).Headers["Authorization"];
        Dictionary<string, string> parts = token["SharedAccessSignature ".Length..].Split('&').Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => WebUtility.UrlDecode(part[1]));
        string audience = token.Split("sr=")[1].Split('&')[0];
        byte[] expected = System.Security.Cryptography.HMACSHA256.HashData("c2VjcmV0"u8.ToArray(), Encoding.UTF8.GetBytes($"{audience}\n{parts["se"]}"));
        Assert.Equal(Convert.ToBase64String(expected), parts["sig"]);
        Assert.Equal("sender", parts["skn"]);
        Assert.EndsWith("/alerts", parts["sr"], StringComparison.Ordinal);
        Assert.InRange(long.Parse(parts["se"], System.Globalization.CultureInfo.InvariantCulture), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 60, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600);
    }

    [Fact]
    public async Task Several_messages_go_as_one_JSON_array()
    {
        await using ServiceBusClient client = new(Connection);
        await using ServiceBusSender sender = client.CreateSender("alerts");

        await sender.SendMessagesAsync([Alert("one"), Alert("two")], Cancellation);

        Sent sent = Assert.Single(_sent);
        Assert.Equal("application/vnd.microsoft.servicebus.json", sent.Headers["Content-Type"]);
        JsonElement second = JsonDocument.Parse(sent.Body).RootElement[1];
        Assert.Equal("""{"a":1}""", second.GetProperty("Body").GetString());
        Assert.Equal("id-1", second.GetProperty("BrokerProperties").GetProperty("MessageId").GetString());
        Assert.Equal("00:01:30", second.GetProperty("BrokerProperties").GetProperty("TimeToLiveTimeSpan").GetString());
        Assert.Equal("two", second.GetProperty("UserProperties").GetProperty("camera").GetString());
        Assert.Equal(0.75, second.GetProperty("UserProperties").GetProperty("score").GetDouble());
    }

    [Fact]
    public async Task A_batch_takes_messages_up_to_its_size_and_is_sent_at_once()
    {
        await using ServiceBusClient client = new(Connection);
        await using ServiceBusSender sender = client.CreateSender("alerts");
        using ServiceBusMessageBatch batch = await sender.CreateMessageBatchAsync(new CreateMessageBatchOptions { MaxSizeInBytes = 2000 }, Cancellation);

        while (batch.TryAddMessage(Alert("x")))
        {
        }

        await sender.SendMessagesAsync(batch, Cancellation);

        Sent sent = Assert.Single(_sent);
        Assert.InRange(sent.Body.Length, 1500, 2000);
        Assert.True(batch.Count > 3);
        Assert.Equal(batch.Count, JsonDocument.Parse(sent.Body).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task A_property_that_would_change_the_request_itself_travels_in_the_body()
    {
        await using ServiceBusClient client = new(Connection);
        ServiceBusMessage message = new("x") { ApplicationProperties = { ["Host"] = "elsewhere", ["with space"] = 1 } };

        await client.CreateSender("alerts").SendMessageAsync(message, Cancellation);

        Sent sent = Assert.Single(_sent);
        Assert.StartsWith("127.0.0.1", sent.Headers["Host"], StringComparison.Ordinal);
        Assert.Equal("elsewhere", JsonDocument.Parse(sent.Body).RootElement[0].GetProperty("UserProperties").GetProperty("Host").GetString());
    }

    [Fact]
    public async Task A_failure_that_may_pass_is_tried_again()
    {
        _answers.Enqueue(503);
        _answers.Enqueue(500);
        await using ServiceBusClient client = new(Connection, Quick());

        await client.CreateSender("alerts").SendMessageAsync(new ServiceBusMessage("x"), Cancellation);

        Assert.Equal(3, _sent.Count);
    }

    [Theory]
    [InlineData(404, ServiceBusFailureReason.MessagingEntityNotFound, false, 1)]
    [InlineData(410, ServiceBusFailureReason.MessagingEntityNotFound, false, 1)]
    [InlineData(403, ServiceBusFailureReason.QuotaExceeded, false, 1)]
    [InlineData(413, ServiceBusFailureReason.MessageSizeExceeded, false, 1)]
    [InlineData(400, ServiceBusFailureReason.GeneralError, false, 1)]
    [InlineData(503, ServiceBusFailureReason.ServiceBusy, true, 3)]
    [InlineData(504, ServiceBusFailureReason.ServiceTimeout, true, 3)]
    public async Task A_failure_says_why_where_and_whether_it_may_pass(int status, ServiceBusFailureReason reason, bool transient, int attempts)
    {
        for (int i = 0; i < 3; i++)
            _answers.Enqueue(status);
        await using ServiceBusClient client = new(Connection, Quick());

        ServiceBusException failure = await Assert.ThrowsAsync<ServiceBusException>(() => client.CreateSender("alerts").SendMessageAsync(new ServiceBusMessage("x"), Cancellation));

        Assert.Equal((reason, transient, attempts), (failure.Reason, failure.IsTransient, _sent.Count));
        Assert.Contains($"(alerts - {reason})", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_key_is_an_UnauthorizedAccessException()
    {
        _answers.Enqueue(401);
        await using ServiceBusClient client = new(Connection, Quick());

        UnauthorizedAccessException refused = await Assert.ThrowsAsync<UnauthorizedAccessException>(() => client.CreateSender("alerts").SendMessageAsync(new ServiceBusMessage("x"), Cancellation));

        Assert.Contains("Send right", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_cannot_be_reached_is_a_failure_that_may_pass()
    {
        await using ServiceBusClient client = new("Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true", Quick());

        ServiceBusException failure = await Assert.ThrowsAsync<ServiceBusException>(() => client.CreateSender("alerts").SendMessageAsync(new ServiceBusMessage("x"), Cancellation));

        Assert.Equal((ServiceBusFailureReason.ServiceCommunicationProblem, true), (failure.Reason, failure.IsTransient));
    }

    [Theory]
    [InlineData("SharedAccessKeyName=a;SharedAccessKey=b", "no Endpoint")]
    [InlineData("Endpoint=sb://ns.servicebus.windows.net/", "neither SharedAccessKeyName")]
    [InlineData("Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true", "endpoint on this machine")]
    public void A_connection_string_that_lacks_a_part_is_refused(string connection, string reason)
    {
        FormatException refused = Assert.Throws<FormatException>(() => new ServiceBusClient(connection));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_flag_and_with_an_identity_only_HTTPS_is_spoken()
    {
        await using ServiceBusClient keyed = new(Connection.Replace(";UseDevelopmentEmulator=true", "", StringComparison.Ordinal), Quick());
        await using ServiceBusClient identity = new("ns.servicebus.windows.net", new NoCredential());

        await Assert.ThrowsAsync<ServiceBusException>(() => keyed.CreateSender("alerts").SendMessageAsync(new ServiceBusMessage("x"), Cancellation));
        NotSupportedException asked = await Assert.ThrowsAsync<NotSupportedException>(() => identity.CreateSender("alerts").SendMessageAsync(new ServiceBusMessage("x"), Cancellation));

        Assert.Empty(_sent);
        Assert.Equal("https://servicebus.azure.net/.default", asked.Message);
        Assert.Equal("ns.servicebus.windows.net", identity.FullyQualifiedNamespace);
    }

    private static ServiceBusClientOptions Quick() => new() { RetryOptions = new ServiceBusRetryOptions { MaxRetries = 2, Delay = TimeSpan.FromMilliseconds(1) } };

    private static ServiceBusMessage Alert(string camera) => new("""{"a":1}""")
    {
        MessageId = "id-1",
        Subject = "aaclip.anomaly.opened",
        CorrelationId = "c-1",
        ContentType = "application/cloudevents+json",
        TimeToLive = TimeSpan.FromSeconds(90),
        ApplicationProperties = { ["camera"] = camera, ["score"] = 0.75, ["opened"] = true },
    };

    private sealed record Sent(string Method, string Path, Dictionary<string, string> Headers, byte[] Body);

    private sealed class NoCredential : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => throw new NotSupportedException(requestContext.Scopes[0]);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => throw new NotSupportedException(requestContext.Scopes[0]);
    }
}
