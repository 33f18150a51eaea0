using System.Diagnostics;
using System.Globalization;
using AaClip.Tests.Seeds;
using Microsoft.Playwright;

namespace AaClip.Bench;

/// <summary>The review page over many results: what people wait for, and what the page takes of the browser.</summary>
internal static class ReviewBench
{
    private const int Repeats = 11;
    private const int Scrolled = 10_000; // results that one scrolls through
    private const string Model = $"model={SeededStore.Model}";
    private const string Month = "from=2026-10-01T00:00:00Z&to=2026-12-01T00:00:00Z";

    private static readonly (string What, string Query)[] Filters =
    [
        ("a camera", $"{Model}&camera=pill"),
        ("anomalies of all cameras", $"{Model}&verdict=anomalous"),
        ("a camera, a class and a range of scores", $"{Model}&camera=pill&class=pill&minScore=0.4&maxScore=0.6"),
        ("decided defects", $"{Model}&review=defect"),
        ("undecided images of a camera, ten days back", $"{Model}&camera=pill&review=undecided&to=2026-11-16T00:00:00Z"),
    ];

    public static async Task<int> RunAsync(int results, bool save, CancellationToken cancellation)
    {
        await using ReviewSite site = await ReviewSite.StartAsync(results, details: 200, cancellation);
        List<Row> rows = [];

        double decided = await site.DecideAsync(1000, cancellation);
        rows.Add(Row.Of("1,000 decisions in one request", $"{decided:F2} s", "2 s", decided <= 2));
        foreach ((string what, string query) in Filters)
        {
            double[] times = await TimesAsync(async () => (await site.Http.GetAsync($"/api/results?{query}", cancellation)).Dispose());
            rows.Add(Milliseconds($"filter: {what}", times, 300));
        }

        rows.AddRange(await GalleryAsync(site));
        rows.AddRange(await ImageAsync(site));
        rows.AddRange(await WhatIfAsync(site, cancellation));
        Report report = new()
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = Machine.Describe(),
            Runtime = string.Create(
                CultureInfo.InvariantCulture,
                $".NET {Environment.Version}, Chromium {site.Browser.Version}, {results:N0} results on Azurite in memory, all here"
            ),
            GflopPerSecond = 0,
            Rows = rows,
        };
        Table.Write(report, []);
        if (save)
            await report.SaveAsync("review", cancellation);
        return 0;
    }

    private static async Task<IReadOnlyList<Row>> GalleryAsync(ReviewSite site)
    {
        List<double> paints = [],
            cards = [];
        for (int i = -1; i < Repeats; i++)
        {
            IBrowserContext context = await site.Browser.NewContextAsync(); // nothing is cached
            IPage page = await context.NewPageAsync();
            await page.GotoAsync($"{site.Address}/?{Model}");
            await page.Locator("[data-blob]").First.WaitForAsync();
            double[] times = await page.EvaluateAsync<double[]>(
                "() => [performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, performance.now()]"
            );
            if (i >= 0) // one to warm up
            {
                paints.Add(times[0]);
                cards.Add(times[1]);
            }

            await context.DisposeAsync();
        }

        IPage tab = await site.Browser.NewPageAsync();
        await tab.GotoAsync($"{site.Address}/?{Model}");
        await tab.Locator("[data-blob]").First.WaitForAsync();
        double[] size = await tab.EvaluateAsync<double[]>(
            """
            async (wanted) => {
                const grid = document.querySelector("result-grid");
                const seen = new Set();
                let nodes = 0;
                while (seen.size < wanted) {
                    for (const card of document.querySelectorAll("[data-blob]")) seen.add(card.dataset.blob);
                    nodes = Math.max(nodes, document.querySelectorAll("*").length);
                    grid.scrollBy(0, grid.clientHeight * 0.7);
                    await new Promise((done) => setTimeout(done, 30));
                }
                gc();
                return [nodes, performance.memory.usedJSHeapSize / 2 ** 20];
            }
            """,
            Scrolled
        );
        await tab.CloseAsync();
        return
        [
            Milliseconds("gallery: first paint", [.. paints.Order()], 800),
            Milliseconds("gallery: first results in the page", [.. cards.Order()], 800),
            Row.Of($"gallery: most nodes while scrolling through {Scrolled:N0} results", $"{size[0]:F0}", "3000", size[0] <= 3000),
            Row.Of("gallery: heap after that", $"{size[1]:F1} MiB", "80 MiB", size[1] <= 80),
        ];
    }

    private static async Task<IReadOnlyList<Row>> ImageAsync(ReviewSite site)
    {
        IPage page = await site.Browser.NewPageAsync();
        await page.GotoAsync($"{site.Address}/?{Model}");
        await page.Locator("[data-blob]").First.ClickAsync();
        await page.Locator("zoom-photo canvas").WaitForAsync();
        List<double> next = [];
        for (int i = 0; i < 2 * Repeats; i++)
        {
            await page.WaitForTimeoutAsync(400); // a person looks at it meanwhile, and the next ones are loaded
            next.Add(
                await page.EvaluateAsync<double>(
                    """
                    () => new Promise((done) => {
                        const before = document.querySelector("zoom-photo img");
                        const start = performance.now();
                        const look = () => {
                            const photo = document.querySelector("zoom-photo img");
                            if (photo && photo !== before && photo.complete && document.querySelector("zoom-photo canvas"))
                                requestAnimationFrame(() => done(performance.now() - start));
                            else requestAnimationFrame(look);
                        };
                        document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", code: "KeyJ", bubbles: true }));
                        look();
                    })
                    """
                )
            );
        }

        double[] moves = await MovesAsync(page, "one-image input[type=range]", [0.1, 0.9]);
        await page.CloseAsync();
        return
        [
            Milliseconds("one image: the next one", [.. next.Order()], 100),
            Milliseconds("one image: a move of the opacity", moves, 16),
        ];
    }

    private static async Task<IReadOnlyList<Row>> WhatIfAsync(ReviewSite site, CancellationToken cancellation)
    {
        string query = $"camera=pill&{Model}&{Month}";
        double[] counts = await TimesAsync(async () => (await site.Http.GetAsync($"/api/whatif?{query}", cancellation)).Dispose());
        IPage page = await site.Browser.NewPageAsync();
        await page.GotoAsync($"{site.Address}/whatif?{query}");
        await page.Locator("what-if input[type=range]").WaitForAsync();
        double[] moves = await MovesAsync(page, "what-if input[type=range]", [0.3, 0.7]);
        await page.CloseAsync();
        return
        [
            Milliseconds("what-if: counts of a camera over two months", counts, 300),
            Milliseconds("what-if: a move of the threshold", moves, 50),
        ];
    }

    // Time that the page works for a move of a slider, to the end of its update.
    private static Task<double[]> MovesAsync(IPage page, string slider, double[] between) =>
        page.EvaluateAsync<double[]>(
            """
            async ([slider, low, high]) => {
                const times = [];
                for (let i = 0; i < 60; i++) {
                    const input = document.querySelector(slider);
                    await new Promise(requestAnimationFrame);
                    const start = performance.now();
                    input.value = String(low + ((high - low) * i) / 59);
                    input.dispatchEvent(new Event("input", { bubbles: true }));
                    let part = input;
                    while (part && !part.updateComplete) part = part.parentElement;
                    await part?.updateComplete;
                    document.body.getBoundingClientRect(); // its layout, too
                    times.push(performance.now() - start);
                }
                return times.sort((a, b) => a - b);
            }
            """,
            new object[] { slider, between[0], between[1] }
        );

    private static async Task<double[]> TimesAsync(Func<Task> work)
    {
        List<double> times = [];
        for (int i = -2; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await work();
            if (i >= 0) // two to warm up
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return [.. times.Order()];
    }

    private static Row Milliseconds(string what, double[] times, double target)
    {
        double median = times[times.Length / 2];
        return Row.Of(
            what,
            $"{median:F1} ms",
            FormattableString.Invariant($"{target:F0} ms"),
            median <= target,
            $"{times[0]:F1} to {times[^1]:F1}"
        );
    }
}
