using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AaClip.Tests.Seeds;
using Microsoft.Playwright;

namespace AaClip.Bench;

/// <summary>Pictures of the review page for docs/review.md.</summary>
internal static class ReviewPictures
{
    private const string Span = "from=2026-11-20T00:00:00Z&to=2026-12-01T00:00:00Z";

    public static async Task<int> RunAsync(string folder, CancellationToken cancellation)
    {
        await using ReviewSite site = await ReviewSite.StartAsync(results: 1200, details: 600, cancellation);
        await site.DecideAsync(600, cancellation);
        JsonObject anomaly = (
            await site.Http.GetFromJsonAsync<JsonObject>(
                $"/api/results?model={SeededStore.Model}&verdict=anomalous&camera=wire_mesh&top=1",
                cancellation
            )
        )!; // not null: the page answers with an object
        JsonNode row = anomaly["results"]![0]!;
        string image = $"/image?model={SeededStore.Model}&camera={row["camera"]}&cursor={Uri.EscapeDataString((string)row["cursor"]!)}";
        Directory.CreateDirectory(folder);
        (string Name, string Path, string Ready, ColorScheme Scheme, int Width)[] pictures =
        [
            ("gallery", $"/?model={SeededStore.Model}", "[data-blob] img", ColorScheme.Light, 1280),
            ("image", image, "zoom-photo canvas", ColorScheme.Dark, 1280),
            ("whatif", $"/whatif?camera=wire_mesh&model={SeededStore.Model}&{Span}", "what-if canvas", ColorScheme.Light, 1280),
            ("compare", $"/compare?a={SeededStore.Model}&b={SeededStore.Other}&{Span}", "compare-models img", ColorScheme.Light, 1280),
            ("cameras", "/cameras?camera=pill", "camera-profiles img", ColorScheme.Light, 1280),
            ("phone", image, "zoom-photo canvas", ColorScheme.Light, 360),
        ];
        foreach ((string name, string path, string ready, ColorScheme scheme, int width) in pictures)
        {
            IBrowserContext context = await site.Browser.NewContextAsync(
                new BrowserNewContextOptions
                {
                    ColorScheme = scheme,
                    ViewportSize = new ViewportSize { Width = width, Height = 800 },
                    ReducedMotion = ReducedMotion.Reduce,
                    Locale = "en-GB",
                }
            );
            IPage page = await context.NewPageAsync();
            await page.GotoAsync(site.Address + path);
            await page.Locator(ready).First.WaitForAsync();
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            string file = Path.Combine(folder, $"review-{name}.jpg");
            await page.ScreenshotAsync(
                new PageScreenshotOptions
                {
                    Path = file,
                    Type = ScreenshotType.Jpeg,
                    Quality = 82,
                }
            );
            await context.DisposeAsync();
            Console.WriteLine(file);
        }

        return 0;
    }
}
