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
        HashSet<string> seen = [];
        int most = 0;
        while (true)
        {
            seen.UnionWith(
                await page.Tab.EvaluateAsync<string[]>("[...document.querySelectorAll('[data-blob]')].map((e) => e.dataset.blob)")
            );
            most = Math.Max(most, await page.Tab.EvaluateAsync<int>("document.querySelectorAll('*').length"));
            if (seen.Count == 10_000)
                break;
            // The next part, as soon as it is there; the deadline of the call ends a hang
            int before = seen.Count;
            await page.Tab.EvaluateAsync("document.querySelector('result-grid').scrollBy(0, innerHeight * 0.6)");
            await page.Tab.WaitForFunctionAsync(
                """
                (seen) => {
                    const grid = document.querySelector("result-grid");
                    if (grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 1) grid.dispatchEvent(new Event("scroll"));
                    return [...document.querySelectorAll("[data-blob]")].some((e) => !seen.includes(e.dataset.blob));
                }
                """,
                seen.TakeLast(200).ToArray()
            );
            Assert.True(seen.Count > 0 && before <= 10_000);
        }

        int heap = await page.Tab.EvaluateAsync<int>("() => { gc(); return performance.memory.usedJSHeapSize; }");
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
}
