using static Microsoft.Playwright.Assertions;

namespace AaClip.Review.Tests.Pages;

public class GalleryTests(LargeSite site, Browser browser) : IClassFixture<LargeSite>
{
    private const int MaxNodes = 3000;
    private const int MaxHeap = 80 << 20; // bytes

    [Fact]
    public async Task However_far_one_scrolls_the_page_stays_small_and_shows_every_result()
    {
        await using OpenPage page = await browser.OpenAsync($"{site.Address}/?model=demo@seed");
        await page.Cards.First.WaitForAsync();
        // The deadline only ends a hang.
        int[] size = await page.Tab.EvaluateAsync<int[]>(
            """
            async () => {
                const grid = document.querySelector("result-grid");
                const all = () => document.querySelector("result-gallery .toolbar").textContent.includes("10,000 results");
                const seen = new Set();
                const end = performance.now() + 240_000;
                let nodes = 0;
                while (performance.now() < end) {
                    for (const card of document.querySelectorAll("[data-blob]")) seen.add(card.dataset.blob);
                    nodes = Math.max(nodes, document.querySelectorAll("*").length);
                    const before = grid.scrollTop;
                    grid.scrollBy(0, grid.clientHeight * 1.5); // two rows above and below the window are drawn, too
                    for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame); // scrolled, then drawn
                    if (grid.scrollTop === before && all()) break;
                }
                gc();
                return [seen.size, nodes, performance.memory.usedJSHeapSize];
            }
            """
        );
        (int seen, int most, int heap) = (size[0], size[1], size[2]);
        Assert.InRange(seen, 9_000, 10_000); // on a busy machine, some are passed before they are drawn
        Assert.Contains("10,000 results", await page.Tab.Locator("result-gallery .toolbar").TextContentAsync(), StringComparison.Ordinal);
        Assert.InRange(most, 1, MaxNodes);
        Assert.InRange(heap, 1, MaxHeap);
    }

    [Fact]
    public async Task A_time_in_the_address_begins_there_and_filters_are_in_the_address()
    {
        await using OpenPage page = await browser.OpenAsync($"{site.Address}/?model=demo@seed&to=2026-11-25T12:00:00Z");
        await page.Cards.First.WaitForAsync();
        Assert.Contains("/20261125/", await page.Cards.First.GetAttributeAsync("data-blob"), StringComparison.Ordinal);

        await page.Tab.Locator("result-filters select").First.SelectOptionAsync("pill");
        await page.Tab.GetByLabel("Anomalous").CheckAsync();

        await Expect(page.Tab)
            .ToHaveURLAsync(new System.Text.RegularExpressions.Regex("camera=pill.*verdict=anomalous|verdict=anomalous.*camera=pill"));
        await Expect(page.Cards.First).ToHaveAttributeAsync("data-blob", new System.Text.RegularExpressions.Regex("/pill/"));
        string filtered = page.Tab.Url;
        await page.Tab.GotoAsync(filtered); // a link is a view
        await Expect(page.Cards.First).ToHaveAttributeAsync("data-blob", new System.Text.RegularExpressions.Regex("/pill/"));
        await Expect(page.Tab.GetByLabel("Anomalous")).ToBeCheckedAsync();
        await page.Tab.GoBackAsync();
    }

    [Fact]
    public async Task One_box_leaves_the_pictures_that_the_check_calls_generated()
    {
        await using OpenPage page = await browser.OpenAsync($"{site.Address}/?model=demo@seed");
        await page.Cards.First.WaitForAsync();
        Assert.Equal(0, await page.Cards.First.Locator(".generated").CountAsync()); // the newest is not flagged

        await page.Tab.GetByLabel("Flagged as generated").CheckAsync();

        await Expect(page.Tab).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("generated=generated"));
        await Expect(page.Cards.First.Locator(".generated")).ToHaveTextAsync("Generated 0.97");
        Assert.Equal(await page.Cards.CountAsync(), await page.Cards.Locator(".generated").CountAsync());
        await page.Tab.GotoAsync(page.Tab.Url); // a link is a view
        await Expect(page.Tab.GetByLabel("Flagged as generated")).ToBeCheckedAsync();
    }
}
