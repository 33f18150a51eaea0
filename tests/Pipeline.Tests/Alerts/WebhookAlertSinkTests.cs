using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Tests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>What a real HTTP receiver gets, and what the sink makes of its answers.</summary>
public sealed class WebhookAlertSinkTests : IAsyncLifetime
{
    private const string Secret = "a secret of \u00E4 webhook";

    private WebhookReceiver _receiver = null!; // set before each test

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _receiver = await WebhookReceiver.StartAsync(Cancellation);

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Fact]
    public async Task An_event_is_posted_as_a_CloudEvent_with_a_signature_that_the_receiver_can_compute()
    {
        AlertEvent[] events = AlertEvents.Of("C");
        DateTimeOffset before = TimeProvider.System.GetUtcNow();

        List<string> accepted = await SendAsync(events);

        WebhookRequest request = Assert.Single(_receiver.Requests);
        Assert.Equal(("POST", "/hooks/key-in-path?code=key-in-query"), (request.Method, request.Target));
        Assert.Equal("application/cloudevents+json", request.Headers["Content-Type"]);
        Assert.StartsWith("AaClip.Functions/", request.Headers["User-Agent"], StringComparison.Ordinal);
        Assert.Equal(events[0].Envelope.Id, request.Event);
        Assert.Equal(events[0].ToJson().ToArray(), request.Body);
        long sent = long.Parse(request.Headers["X-AaClip-Timestamp"], CultureInfo.InvariantCulture);
        Assert.InRange(sent, before.ToUnixTimeSeconds(), request.At.ToUnixTimeSeconds());
        Assert.True(request.IsSignedWith(Secret));
        Assert.False(request.IsSignedWith(Secret + "."));
        Assert.Equal([events[0].Envelope.Id], accepted);
    }

    /// <summary>Computed with: printf '%s' '1700000000.{"a":"ü"}' | openssl dgst -sha256 -hmac 0123456789abcdef</summary>
    [Fact]
    public void The_signature_is_the_one_that_openssl_computes()
    {
        string signature = WebhookAlertSink.Signature(
            Encoding.UTF8.GetBytes("0123456789abcdef"),
            "1700000000",
            Encoding.UTF8.GetBytes("{\"a\":\"\u00FC\"}")
        );

        Assert.Equal("sha256=d0c3fca84bf94b7c7b5c42a87ad8e96d4906907c69606195843bebce939dedb3", signature);
    }

    [Fact]
    public async Task Several_events_are_posted_one_after_the_other_in_their_order()
    {
        AlertEvent[] events = AlertEvents.Of("mCnnn");

        List<string> accepted = await SendAsync(events);

        Assert.Equal(3, events.Length);
        Assert.Equal(events.Select(e => e.Envelope.Id), _receiver.Requests.Select(r => r.Event));
        Assert.Equal(
            events.Select(e => e.Envelope.Type),
            _receiver.Requests.Select(r => JsonDocument.Parse(r.Body).RootElement.GetProperty("type").GetString())
        );
        Assert.Equal(events.Select(e => e.Envelope.Id), accepted);
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_transient_status_is_retried_with_the_same_id_and_a_new_signature(int status)
    {
        _receiver.Answers.Enqueue(WebhookReceiver.Status(status));
        AlertEvent[] events = AlertEvents.Of("C");

        List<string> accepted = await SendAsync(events);

        Assert.Equal(2, _receiver.Requests.Length);
        Assert.All(_receiver.Requests, r => Assert.Equal(events[0].Envelope.Id, r.Event));
        Assert.All(_receiver.Requests, r => Assert.True(r.IsSignedWith(Secret)));
        Assert.Single(accepted);
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_retried()
    {
        _receiver.Answers.Enqueue(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        List<string> accepted = await SendAsync(AlertEvents.Of("C"));

        Assert.Equal(2, _receiver.Requests.Length);
        Assert.Single(accepted);
    }

    [Fact]
    public async Task Retry_After_is_waited_for()
    {
        _receiver.Answers.Enqueue(WebhookReceiver.Status(503, "Retry-After", "2"));

        await SendAsync(AlertEvents.Of("C"));

        TimeSpan waited = _receiver.Requests[1].At - _receiver.Requests[0].At;
        Assert.True(waited > TimeSpan.FromSeconds(1.9), $"{waited}"); // without it, 0.5 s
    }

    [Theory]
    [InlineData(400, "")]
    [InlineData(401, "Check Alert__WebhookSecret")]
    [InlineData(404, "")]
    [InlineData(413, "")]
    [InlineData(307, "set Alert__Webhook to the final address")]
    public async Task Any_other_status_fails_at_once_and_later_events_wait(int status, string advice)
    {
        await using WebhookReceiver elsewhere = await WebhookReceiver.StartAsync(Cancellation);
        _receiver.Answers.Enqueue(WebhookReceiver.Status(200));
        _receiver.Answers.Enqueue(WebhookReceiver.Status(status, "Location", elsewhere.Address));
        AlertEvent[] events = AlertEvents.Of("mCnnn");
        List<string> accepted = [];

        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(events, accepted));

        Assert.Equal((HttpStatusCode)status, refused.StatusCode);
        Assert.Contains($"'{events[1].Envelope.Id}' with status {status} instead of 2xx", refused.Message, StringComparison.Ordinal);
        Assert.Contains(advice, refused.Message, StringComparison.Ordinal);
        Assert.Equal([events[0].Envelope.Id], accepted);
        Assert.Equal(2, _receiver.Requests.Length);
        Assert.Empty(elsewhere.Requests);
        HoldsNoKey(refused);
    }

    [Fact]
    public async Task A_Retry_After_beyond_the_time_for_sending_is_left_to_a_later_delivery()
    {
        _receiver.Answers.Enqueue(WebhookReceiver.Status(429, "Retry-After", "3600"));

        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(AlertEvents.Of("C")));

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Single(_receiver.Requests);
    }

    [Fact]
    public async Task An_answer_that_is_late_is_waited_for_and_given_up_when_the_time_is_over()
    {
        TaskCompletionSource answer = new();
        _receiver.Answers.Enqueue(_ => answer.Task);
        _receiver.Answers.Enqueue(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using CancellationTokenSource over = new();
        List<string> accepted = [];

        Task sending = SendAsync(AlertEvents.Of("mC"), accepted, over.Token);
        await Eventually.HappensAsync(() => _receiver.Requests.Length == 1);
        Assert.Empty(accepted);
        answer.SetResult();
        await Eventually.HappensAsync(() => _receiver.Requests.Length == 2);
        await over.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(TimeSpan.FromMinutes(5), Cancellation));
        Assert.Single(accepted);
    }

    /// <summary>Takes about 10 s: all attempts.</summary>
    [Fact]
    public async Task A_receiver_that_is_down_is_named_without_the_keys_in_its_address()
    {
        await _receiver.GoAwayAsync();

        HttpRequestException away = await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(AlertEvents.Of("C")));

        string origin = new Uri(_receiver.Address).GetLeftPart(UriPartial.Authority);
        Assert.StartsWith($"The webhook {origin} could not be reached: Connection refused", away.Message, StringComparison.Ordinal);
        HoldsNoKey(away);
    }

    /// <summary>Takes about 10 s: all attempts.</summary>
    [Fact]
    public async Task A_certificate_that_the_platform_does_not_trust_is_refused()
    {
        await using WebhookReceiver encrypted = await WebhookReceiver.StartAsync(Cancellation, tls: true);
        AlertOptions options = new() { Webhook = encrypted.Address, WebhookSecret = Secret };
        using WebhookAlertSink sink = new(Options.Create(options), TimeProvider.System);

        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() =>
            sink.SendAsync(AlertEvents.Of("C"), [], [], Cancellation)
        );

        Assert.Equal(HttpRequestError.SecureConnectionError, refused.HttpRequestError);
        Assert.Empty(encrypted.Requests);
        HoldsNoKey(refused);
    }

    [Fact]
    public async Task A_time_that_is_over_during_a_wait_tells_the_last_answer()
    {
        _receiver.Answers.Enqueue(WebhookReceiver.Status(503, "Retry-After", "10"));
        using CancellationTokenSource over = new();

        Task sending = SendAsync(AlertEvents.Of("C"), cancellation: over.Token);
        await Eventually.HappensAsync(() => _receiver.Requests.Length == 1);
        await Task.Delay(TimeSpan.FromSeconds(0.5), Cancellation); // the answer arrives
        await over.CancelAsync();

        HttpRequestException last = await Assert.ThrowsAsync<HttpRequestException>(() => sending);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, last.StatusCode);
    }

    private async Task<List<string>> SendAsync(AlertEvent[] events, List<string>? accepted = null, CancellationToken? cancellation = null)
    {
        accepted ??= [];
        AlertOptions options = new() { Webhook = _receiver.Address, WebhookSecret = Secret };
        using WebhookAlertSink sink = new(Options.Create(options), TimeProvider.System);
        await sink.SendAsync(events, [], accepted, cancellation ?? Cancellation);
        return accepted;
    }

    private static void HoldsNoKey(Exception error)
    {
        foreach (string key in (string[])["key-in-path", "key-in-query", Secret])
            Assert.DoesNotContain(key, error.ToString(), StringComparison.Ordinal);
    }
}
