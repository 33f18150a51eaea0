using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A receiver of a webhook on loopback, which can be down and come back at the same port.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<WebhookRequest> _requests = new();
    private readonly bool _tls;
    private WebApplication? _server;
    private int _port;

    private WebhookReceiver(bool tls) => _tls = tls;

    /// <summary>Answers in their order; then 204.</summary>
    public ConcurrentQueue<Func<HttpContext, Task>> Answers { get; } = new();

    /// <summary>All requests, in the order of their arrival.</summary>
    public WebhookRequest[] Requests => [.. _requests];

    /// <summary>With a path and a query that hold keys, as many services have it.</summary>
    public string Address => $"{(_tls ? "https://localhost" : "http://127.0.0.1")}:{_port}/hooks/key-in-path?code=key-in-query";

    public static async Task<WebhookReceiver> StartAsync(CancellationToken cancellation, bool tls = false)
    {
        WebhookReceiver receiver = new(tls);
        await receiver.ComeBackAsync(cancellation);
        return receiver;
    }

    public async Task ComeBackAsync(CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder
            .WebHost.UseKestrelCore()
            .UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    IPAddress.Loopback,
                    _port,
                    listen =>
                    {
                        if (_tls)
                            listen.UseHttps(SelfSigned.Certificate());
                    }
                )
            );
        _server = builder.Build();
        _server.Run(ReceiveAsync);
        await _server.StartAsync(cancellation);
        _port = new Uri(_server.Urls.First()).Port; // it is started
    }

    public async Task GoAwayAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _server = null;
    }

    public async ValueTask DisposeAsync() => await GoAwayAsync();

    public static Func<HttpContext, Task> Status(int status, string header = "X-None", string value = "") =>
        context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers[header] = value;
            return context.Response.WriteAsync("an answer that no log needs");
        };

    private async Task ReceiveAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        _requests.Enqueue(
            new WebhookRequest(
                context.Request.Method,
                context.Request.Path + context.Request.QueryString,
                context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                body.ToArray(),
                TimeProvider.System.GetUtcNow()
            )
        );
        if (Answers.TryDequeue(out Func<HttpContext, Task>? answer))
            await answer(context);
        else
            context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}

/// <summary>What a receiver got.</summary>
internal sealed record WebhookRequest(
    string Method,
    string Target,
    IReadOnlyDictionary<string, string> Headers,
    byte[] Body,
    DateTimeOffset At
)
{
    public string Event => Headers["X-AaClip-Event"];

    /// <summary>As docs/pipeline.md tells receivers to do it.</summary>
    public bool IsSignedWith(string secret)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(Headers["X-AaClip-Timestamp"] + "."), .. Body];
        byte[] expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed);
        return CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes("sha256=" + Convert.ToHexStringLower(expected)),
            Encoding.ASCII.GetBytes(Headers["X-AaClip-Signature"])
        );
    }
}
