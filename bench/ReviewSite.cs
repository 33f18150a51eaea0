using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AaClip.LocalHost.Storage;
using AaClip.Pipeline.Storage;
using AaClip.Review;
using AaClip.Tests.Seeds;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Playwright;

namespace AaClip.Bench;

/// <summary>The review page over a seeded store on an Azurite of its own, and Debian's Chromium to look at it.</summary>
internal sealed class ReviewSite : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    private readonly Azurite _azurite;
    private readonly WebApplication _app;
    private readonly IPlaywright _playwright;

    private ReviewSite(Azurite azurite, WebApplication app, IPlaywright playwright, IBrowser browser)
    {
        (_azurite, _app, _playwright, Browser) = (azurite, app, playwright, browser);
        Http = new HttpClient { BaseAddress = new Uri(Address) };
    }

    public IBrowser Browser { get; }

    public HttpClient Http { get; }

    public string Address => _app.Urls.First();

    /// <summary>Fills a store, and starts page and browser.</summary>
    /// <exception cref="InvalidOperationException">Chromium is not installed.</exception>
    public static async Task<ReviewSite> StartAsync(int results, int details, CancellationToken cancellation)
    {
        if (!File.Exists(Chromium))
            throw new InvalidOperationException($"There is no {Chromium}: apt-get install chromium.");
        string script = Path.Combine(ScoringBench.Root, "node_modules", "azurite", "dist", "src", "azurite.js");
        Azurite azurite = await Azurite.StartAsync(script, null, 0, NullLogger.Instance, cancellation);
        StorageClients storage = IndexBench.Clients(azurite.ConnectionString);
        await SeedAsync(storage, results, details, cancellation);
        WebApplication app = await ReviewApp.StartLocalAsync(storage, 0, log => log.SetMinimumLevel(LogLevel.None), cancellation);
        IPlaywright playwright = await Playwright.CreateAsync();
        IBrowser browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = Chromium,
                Args = ["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"],
            }
        );
        return new ReviewSite(azurite, app, playwright, browser);
    }

    /// <summary>Fills a store with results.</summary>
    public static async Task SeedAsync(StorageClients storage, int results, int details, CancellationToken cancellation)
    {
        await storage.EnsureCreatedAsync(cancellation);
        await new SeededStore(storage) { Details = details }.FillAsync(
            Path.Combine(ScoringBench.Root, "samples"),
            results,
            done =>
            {
                if (done % 5000 == 0)
                    Console.Error.WriteLine($"{done} of {results} results");
            },
            cancellation
        );
    }

    /// <summary>Decides images as a careful person would: by the raw score, with a slip now and then.</summary>
    public async Task<double> DecideAsync(int count, CancellationToken cancellation)
    {
        JsonArray rows = (await Http.GetFromJsonAsync<JsonObject>($"/api/results?model={SeededStore.Model}&top={count}", cancellation))![
            "results"
        ]!.AsArray(); // not null: the page answers with an object that has them
        JsonArray decisions =
        [
            .. rows.Select(
                (row, i) =>
                    new JsonObject
                    {
                        ["id"] = Guid.NewGuid(),
                        ["cursor"] = row!["cursor"]!.DeepClone(),
                        ["camera"] = row["camera"]!.DeepClone(),
                        ["image"] = row["image"]!.DeepClone(),
                        ["etag"] = row["etag"]!.DeepClone(),
                        ["verdict"] =
                            i % 37 == 5 ? "unsure"
                            : (double)row["raw"]! >= 0.47 ? "defect"
                            : "fine",
                    }
            ),
        ];
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await Http.PostAsJsonAsync(
            "/api/reviews",
            new JsonObject { ["decisions"] = decisions },
            cancellation
        );
        answer.EnsureSuccessStatusCode();
        return System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Browser.DisposeAsync();
        _playwright.Dispose();
        await _app.DisposeAsync();
        await _azurite.DisposeAsync();
    }
}
