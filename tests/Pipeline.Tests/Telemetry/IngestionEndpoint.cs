using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Tests.Telemetry;

/// <summary>
/// What stands behind an Application Insights connection string, on loopback: takes items as lines of JSON, and, over TLS, gives the tokens
/// of a managed identity as the App Service platform does.
/// </summary>
internal sealed class IngestionEndpoint : IAsyncDisposable
{
    public const string Key = "00000000-0000-0000-0000-00000000abcd";

    private readonly WebApplication _app;

    private IngestionEndpoint(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    /// <summary>Address of the identity's tokens.</summary>
    public string Tokens => _app.Urls.Last() + "/tokens";

    public string ConnectionString => $"InstrumentationKey={Key};IngestionEndpoint={Address}/";

    /// <summary>Each item, with the request's Authorization.</summary>
    public ConcurrentQueue<(JsonElement Item, string Authorization)> Items { get; } = [];

    /// <summary>The query of each request for a token.</summary>
    public ConcurrentQueue<IQueryCollection> TokenRequests { get; } = [];

    /// <summary>The data of the items of a kind, such as "RequestData".</summary>
    public IEnumerable<(JsonElement Item, JsonElement Data)> Of(string kind) =>
        from item in Items.Select(i => i.Item)
        where item.GetProperty("data").GetProperty("baseType").GetString() == kind
        select (item, item.GetProperty("data").GetProperty("baseData"));

    public static async Task<IngestionEndpoint> StartAsync(bool tls = false)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder
            .WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        if (tls)
                            listen.UseHttps(Certificate());
                    }
                );
                kestrel.Listen(IPAddress.Loopback, 0);
            });
        WebApplication app = builder.Build();
        IngestionEndpoint endpoint = new(app);
        app.MapPost("/v2.1/track", endpoint.TrackAsync);
        app.MapGet("/tokens", endpoint.Token);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return endpoint;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task<IResult> TrackAsync(HttpRequest request)
    {
        Stream body = request.Headers.ContentEncoding == "gzip" ? new GZipStream(request.Body, CompressionMode.Decompress) : request.Body;
        using StreamReader reader = new(body);
        int count = 0;
        for (; await reader.ReadLineAsync() is { } line; count++)
            Items.Enqueue((JsonElement.Parse(line), request.Headers.Authorization.ToString()));
        return Microsoft.AspNetCore.Http.Results.Json(
            new
            {
                itemsReceived = count,
                itemsAccepted = count,
                errors = Array.Empty<string>(),
            }
        );
    }

    private IResult Token(HttpRequest request)
    {
        TokenRequests.Enqueue(request.Query);
        string expires = $"{DateTimeOffset.UtcNow.AddHours(8).ToUnixTimeSeconds()}",
            resource = request.Query["resource"].ToString();
        return Microsoft.AspNetCore.Http.Results.Json(
            new
            {
                access_token = "token-of-the-identity",
                expires_on = expires,
                resource,
                token_type = "Bearer",
            }
        );
    }

    private static X509Certificate2 Certificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
