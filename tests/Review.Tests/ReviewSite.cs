using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Storage;
using AaClip.Review.Api;
using AaClip.Tests;
using AaClip.Tests.Seeds;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace AaClip.Review.Tests;

/// <summary>The review page over storage of its own, filled with results.</summary>
public abstract class ReviewSite(AzuriteFixture azurite, int results, int details) : IAsyncLifetime
{
    private WebApplication? _app;

    /// <summary>Address of the page, without a slash at its end.</summary>
    public string Address => _app!.Urls.First(); // not null: tests run after InitializeAsync

    public StorageClients Storage { get; private set; } = null!; // as above

    public HttpClient Http { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Storage = await azurite.NewAsync();
        string samples = Path.Combine(Parity.RepositoryRoot, "samples");
        await new SeededStore(Storage) { Details = details, Checked = true }.FillAsync(samples, results);
        _app = await ReviewApp.StartLocalAsync(Storage, 0, log => log.SetMinimumLevel(LogLevel.None));
        Http.BaseAddress = new Uri(Address);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Http.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
    }

    /// <summary>GET; the answer must be JSON with status 200.</summary>
    public async Task<JsonObject> GetAsync(string path)
    {
        using HttpResponseMessage answer = await Http.GetAsync(path, TestContext.Current.CancellationToken);
        return await ReadAsync(answer, 200);
    }

    /// <summary>Sends JSON.</summary>
    public async Task<JsonObject> SendAsync(HttpMethod method, string path, object body, int status = 200)
    {
        using HttpRequestMessage request = new(method, path) { Content = JsonContent.Create(body, options: PageJson.Options) };
        using HttpResponseMessage answer = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return await ReadAsync(answer, status);
    }

    /// <summary>Results of a query, as the page gets them.</summary>
    public async Task<JsonObject[]> ResultsAsync(string query) =>
        [.. (await GetAsync($"/api/results?{query}"))["results"]!.AsArray().Select(r => r!.AsObject())];

    /// <summary>A decision on the image of a result.</summary>
    public static JsonObject Decision(JsonObject row, string verdict, Guid? id = null) =>
        new()
        {
            ["id"] = id ?? Guid.NewGuid(),
            ["cursor"] = row["cursor"]!.DeepClone(),
            ["camera"] = row["camera"]!.DeepClone(),
            ["image"] = row["image"]!.DeepClone(),
            ["etag"] = row["etag"]!.DeepClone(),
            ["verdict"] = verdict,
        };

    private static async Task<JsonObject> ReadAsync(HttpResponseMessage answer, int status)
    {
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode} instead of {status}: {text}");
        return JsonNode.Parse(text)?.AsObject() ?? throw new JsonException("null");
    }
}

/// <summary>A few results, all with pictures.</summary>
public sealed class SmallSite(AzuriteFixture azurite) : ReviewSite(azurite, results: 72, details: 72);

/// <summary>10,000 results.</summary>
public sealed class LargeSite(AzuriteFixture azurite) : ReviewSite(azurite, results: 10_000, details: 120);
