using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AaClip.Tests;

/// <summary>
/// Stands between clients and one endpoint of Azurite on loopback: passes requests on, and spoils those that it is told to.
/// </summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    private static readonly string[] Framing = ["Host", "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Expect"];

    private readonly HttpMessageInvoker _client = new(
        new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
        }
    );
    private readonly ConcurrentDictionary<StorageFault, int> _done = new();
    private readonly WebApplication _web;

    private StorageProxy(WebApplication web, Uri target) => (_web, Target) = (web, target);

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_web.Urls.First());

    /// <summary>Where requests go; may move.</summary>
    public Uri Target { get; set; }

    /// <summary>Decides on each request; from many threads. Default: nothing goes wrong.</summary>
    public Func<HttpRequest, StorageFault?> Choose { get; set; } = _ => null;

    /// <summary>Waits before a request is passed on; default not at all.</summary>
    public Func<TimeSpan> Delay { get; set; } = () => TimeSpan.Zero;

    /// <summary>Faults made so far.</summary>
    public IReadOnlyDictionary<StorageFault, int> Done => _done;

    /// <summary>True for requests whose answer is read as a whole: listings, messages and rows of tables.</summary>
    public static bool AnswersWhole(HttpRequest request) =>
        // A request has a path
        request.Method == "GET"
        && (
            request.Query["comp"] == "list"
            || request.Path.Value!.EndsWith("/messages", StringComparison.Ordinal)
            || request.Path.Value.EndsWith("()", StringComparison.Ordinal)
            || request.Path.Value.EndsWith("/Tables", StringComparison.Ordinal)
        );

    /// <summary>A connection string with the endpoints behind proxies; without one for the tables, these are reached directly.</summary>
    public static string Through(string connection, StorageProxy blobs, StorageProxy queues, StorageProxy? tables = null) =>
        string.Join(
            ';',
            connection
                .Split(';')
                .Select(part =>
                    part.Split('=', 2) switch
                    {
                        ["BlobEndpoint", var address] => $"BlobEndpoint={new Uri(blobs.Address, new Uri(address).AbsolutePath)}",
                        ["QueueEndpoint", var address] => $"QueueEndpoint={new Uri(queues.Address, new Uri(address).AbsolutePath)}",
                        ["TableEndpoint", var address] when tables is not null =>
                            $"TableEndpoint={new Uri(tables.Address, new Uri(address).AbsolutePath)}",
                        _ => part,
                    }
                )
        );

    /// <summary>The origin of an endpoint in a connection string.</summary>
    public static Uri Endpoint(string connection, string name) =>
        new(
            new Uri(
                connection.Split(';').First(part => part.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..]
            ).GetLeftPart(UriPartial.Authority)
        );

    public static async Task<StorageProxy> StartAsync(Uri target)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.Limits.MaxRequestBodySize = null;
                kestrel.Listen(IPAddress.Loopback, 0);
            });
        WebApplication web = builder.Build();
        StorageProxy proxy = new(web, target);
        web.Run(proxy.HandleAsync);
        await web.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _client.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        StorageFault? fault = Choose(context.Request);
        if (Delay() is { Ticks: > 0 } delay)
            await Task.Delay(delay);
        if (fault is { } some)
            _done.AddOrUpdate(some, 1, (_, count) => count + 1);
        switch (fault)
        {
            case StorageFault.Error500:
                context.Response.StatusCode = 500;
                return;
            case StorageFault.Busy503:
                context.Response.StatusCode = 503;
                context.Response.Headers.RetryAfter = "1";
                return;
            case StorageFault.LostRequest:
                context.Abort();
                return;
            case StorageFault.Page200 or StorageFault.Page404:
                context.Response.StatusCode = fault is StorageFault.Page200 ? 200 : 404;
                context.Response.ContentType = "text/html";
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("<html><body><h1>Please log in</h1></body></html>"));
                return;
        }

        try
        {
            await ForwardAsync(context, fault);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            context.Abort(); // Azurite is away
        }
    }

    private async Task ForwardAsync(HttpContext context, StorageFault? fault)
    {
        // Read and written as a whole: a fault cuts where it wants.
        using MemoryStream sent = new();
        await context.Request.Body.CopyToAsync(sent);
        using HttpRequestMessage request = new(
            new HttpMethod(context.Request.Method),
            new Uri(Target, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget)
        );
        if (context.Request.ContentLength is not null || sent.Length > 0)
            request.Content = new ByteArrayContent(sent.ToArray());
        foreach ((string name, var values) in context.Request.Headers)
            if (
                !Framing.Contains(name, StringComparer.OrdinalIgnoreCase)
                && !request.Headers.TryAddWithoutValidation(name, values.AsEnumerable())
            )
                request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        // A client that leaves has asked all the same
        using HttpResponseMessage response = await _client.SendAsync(request, CancellationToken.None);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        if (fault is StorageFault.LostAnswer)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)response.StatusCode;
        foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
            if (!Framing.Contains(name, StringComparer.OrdinalIgnoreCase))
                context.Response.Headers[name] = values.ToArray();
        if (context.Request.Method == "HEAD")
        {
            context.Response.ContentLength = response.Content.Headers.ContentLength;
            return;
        }

        int part = fault is StorageFault.HalfBody or StorageFault.BrokenBody ? body.Length / 2 : body.Length;
        if (context.Response.StatusCode is not (204 or 304))
            context.Response.ContentLength = fault is StorageFault.BrokenBody ? body.Length : part;
        if (part > 0)
            await context.Response.Body.WriteAsync(body.AsMemory(0, part));
        if (fault is StorageFault.BrokenBody)
        {
            await context.Response.Body.FlushAsync();
            context.Abort();
        }
    }
}
