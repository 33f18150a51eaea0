using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Functions.Tests.Http;

/// <summary>Alerts over HTTP.</summary>
public sealed class AlertsApiTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_alert_is_listed_acknowledged_and_closed_and_the_queue_is_told_who_and_why()
    {
        StorageClients storage = await azurite.NewAsync();
        using AlertRaiser raiser = Raiser(storage);
        AlertsApi api = Api(storage, raiser);
        await raiser.RaiseAsync(ScoredImages.At(0, 0.6), new AlertRule(), Cancellation);
        HttpRequest known = Request("""{ "by": "somebody", "note": "moved" }""");
        known.Headers["X-MS-CLIENT-PRINCIPAL-NAME"] = "lee@plant.example";

        ContentResult acknowledged = Content(await api.Change(Request("""{ "by": "kim" }"""), "line1", "ack", Cancellation)),
            list = Content(await api.List(Request(""), Cancellation)),
            closed = Content(await api.Change(known, "line1", "close", Cancellation)),
            again = Content(await api.Change(Request("""{ "by": "kim", "note": "x" }"""), "line1", "close", Cancellation)),
            empty = Content(await api.List(Request(""), Cancellation));

        Assert.Equal((200, 200, 200, 409), (acknowledged.StatusCode, list.StatusCode, closed.StatusCode, again.StatusCode));
        JsonElement open = Assert.Single(JsonDocument.Parse(list.Content!).RootElement.EnumerateArray());
        Assert.Equal("line1", open.GetProperty("camera").GetString());
        Assert.Equal("anomaly", open.GetProperty("kind").GetString());
        Assert.Equal("kim", open.GetProperty("acknowledged").GetProperty("by").GetString());
        Assert.Equal("[]", empty.Content);
        JsonElement[] told =
        [
            .. (await storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value.Select(m =>
                JsonDocument.Parse(m.Body).RootElement.GetProperty("data")
            ),
        ];
        Assert.Equal(3, told.Length);
        JsonElement last = told.MaxBy(d => d.GetProperty("sequence").GetInt32());
        Assert.Equal("operator", last.GetProperty("closeReason").GetString());
        Assert.Equal("lee@plant.example", last.GetProperty("closedBy").GetProperty("by").GetString());
        Assert.Equal("moved", last.GetProperty("closedBy").GetProperty("note").GetString());
    }

    [Theory]
    [InlineData("close", "{ \"note\": \"x\" }", 400, "say who decides")]
    [InlineData("close", "{ \"by\": \"kim\" }", 400, "note is missing")]
    [InlineData("ack", "null", 400, "The body is not a request")]
    [InlineData("ack", "{ \"who\": \"kim\" }", 400, "The body is not a request")]
    [InlineData("ack", "{ \"by\": \"kim\" }", 409, "Camera 'line1' has no open alert about images.")]
    [InlineData("ack", "{ \"by\": \"kim\", \"alertId\": \"0\" }", 409, "with this alertId")]
    [InlineData("open", "{ \"by\": \"kim\" }", 404, "ack or close")]
    public async Task A_bad_request_is_refused_with_the_remedy(string action, string body, int status, string expected)
    {
        StorageClients storage = await azurite.NewAsync();
        using AlertRaiser raiser = Raiser(storage);

        ContentResult answer = Content(await Api(storage, raiser).Change(Request(body), "line1", action, Cancellation));

        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(expected, answer.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Huge_bodies_long_texts_other_types_and_pages_of_other_sites_are_refused()
    {
        StorageClients storage = await azurite.NewAsync();
        using AlertRaiser raiser = Raiser(storage);
        AlertsApi api = Api(storage, raiser);
        HttpRequest foreign = Request("""{ "by": "kim" }"""),
            text = Request("""{ "by": "kim" }""");
        foreign.Headers.Origin = "https://elsewhere.example";
        text.ContentType = "text/plain";

        int?[] statuses =
        [
            Content(await api.Change(Request(new string(' ', 16 * 1024 + 1)), "line1", "ack", Cancellation)).StatusCode,
            Content(await api.Change(Request($$"""{ "by": "{{new string('k', 201)}}" }"""), "line1", "ack", Cancellation)).StatusCode,
            Content(
                await api.Change(Request($$"""{ "by": "kim", "note": "{{new string('n', 2001)}}" }"""), "line1", "ack", Cancellation)
            ).StatusCode,
            Content(await api.Change(text, "line1", "ack", Cancellation)).StatusCode,
            Content(await api.Change(foreign, "line1", "ack", Cancellation)).StatusCode,
        ];

        Assert.Equal([413, 400, 400, 415, 403], statuses);
    }

    private static AlertsApi Api(StorageClients storage, AlertRaiser raiser) =>
        new(new AlertDesk(new AlertStore(storage, TimeProvider.System), raiser), TimeProvider.System);

    private static AlertRaiser Raiser(StorageClients storage) =>
        new(
            new AlertStore(storage, TimeProvider.System),
            [new QueueAlertSink(storage, TimeProvider.System)],
            Options.Create(new AlertOptions()),
            TimeProvider.System,
            NullLogger<AlertRaiser>.Instance
        );

    private static HttpRequest Request(string body)
    {
        DefaultHttpContext context = new();
        context.Request.Host = new HostString("plant.example");
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        return context.Request;
    }

    private static ContentResult Content(IActionResult result) => Assert.IsType<ContentResult>(result);
}
