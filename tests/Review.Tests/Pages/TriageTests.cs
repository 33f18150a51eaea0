using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AaClip.Tests.Seeds;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace AaClip.Review.Tests.Pages;

/// <summary>Decisions by keyboard, in the gallery and at one image. Each test has a camera of its own.</summary>
public class TriageTests(SmallSite site, Browser browser) : IClassFixture<SmallSite>
{
    [Fact]
    public async Task Keys_decide_and_go_on_and_undo_takes_back()
    {
        await using OpenPage page = await OpenAsync("pill");
        await page.Tab.Keyboard.PressAsync("1");
        await page.Tab.Keyboard.PressAsync("2");
        await page.Tab.Keyboard.PressAsync("3");
        await StoredAsync("pill", "fine", "defect", "unsure", null);

        await page.Tab.Keyboard.PressAsync("u");
        await StoredAsync("pill", "fine", "defect", null, null);
        await page.Tab.Keyboard.PressAsync("k"); // from the third, where undo went back to, to the second
        await page.Tab.Keyboard.PressAsync("1");
        await StoredAsync("pill", "fine", "fine", null, null);
        await page.Tab.Keyboard.PressAsync("u");
        await StoredAsync("pill", "fine", "defect", null, null);
    }

    [Fact]
    public async Task Arrows_and_letters_move_and_a_selection_is_decided_at_once()
    {
        await using OpenPage page = await OpenAsync("key");
        await page.Tab.Keyboard.PressAsync("x");
        await page.Tab.Keyboard.PressAsync("j");
        await page.Tab.Keyboard.PressAsync("ArrowRight");
        await page.Tab.Keyboard.PressAsync("x");
        await page.Tab.Keyboard.PressAsync("Shift+ArrowRight");
        await Expect(page.Tab.GetByText("3 selected")).ToBeVisibleAsync();

        await page.Tab.Keyboard.PressAsync("2");

        await StoredAsync("key", "defect", null, "defect", "defect", null);
        await page.Tab.Keyboard.PressAsync("Control+a");
        await page.Tab.Keyboard.PressAsync("1");
        await StoredAsync("key", [.. Enumerable.Repeat("fine", 12)]);
    }

    [Fact]
    public async Task Help_lists_the_keys_and_closes()
    {
        await using OpenPage page = await OpenAsync("gasket");
        await page.Tab.Keyboard.PressAsync("?");
        await Expect(page.Tab.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Undo the last decision");
        await page.Tab.Keyboard.PressAsync("1"); // a dialog is open: nothing is decided
        await page.Tab.Keyboard.PressAsync("Escape");
        await Expect(page.Tab.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
        await page.Tab.Keyboard.PressAsync("3"); // decisions are stored in order: a 1 would have come before
        await StoredAsync("gasket", "unsure", null);
    }

    [Fact]
    public async Task One_image_is_decided_and_the_next_is_shown()
    {
        await using OpenPage page = await OpenAsync("cork_board");
        await page.Tab.Keyboard.PressAsync("Enter");
        await Expect(page.Tab.Locator("zoom-photo img")).ToBeVisibleAsync();
        string first = page.Tab.Url;
        await page.Tab.GetByRole(AriaRole.Textbox).Last.FillAsync("a dark spot");
        await page.Tab.Locator("zoom-photo").FocusAsync();

        await page.Tab.Keyboard.PressAsync("2");

        await StoredAsync("cork_board", "defect", null);
        Assert.NotEqual(first, page.Tab.Url);
        JsonObject row = (await site.ResultsAsync("camera=cork_board&model=demo@seed&top=1"))[0];
        Assert.Equal("a dark spot", (string?)row["review"]!["note"]);
        await page.Tab.Keyboard.PressAsync("k");
        await Expect(page.Tab).ToHaveURLAsync(new Regex($"^{Regex.Escape(first)}$"));
        await page.Tab.Keyboard.PressAsync("Escape");
        await page.Cards.First.WaitForAsync();
    }

    [Fact]
    public async Task A_decision_that_cannot_be_stored_is_put_back_and_says_so()
    {
        await using OpenPage page = await OpenAsync("connector");
        await page.Tab.RouteAsync("**/api/reviews", route => route.FulfillAsync(new RouteFulfillOptions { Status = 400, Body = "{}" }));

        await page.Tab.Keyboard.PressAsync("2");

        await Expect(page.Tab.Locator("page-messages")).ToContainTextAsync("not");
        await Expect(page.Cards.First.Locator("xpath=..")).Not.ToContainTextAsync("Defect");
        await StoredAsync("connector", (string?)null);
    }

    [Fact]
    public async Task A_new_result_appears_by_itself()
    {
        await using OpenPage page = await OpenAsync("wire_mesh");
        int before = await page.Cards.CountAsync();

        await new SeededStore(site.Storage) { Details = 6, Gap = TimeSpan.FromDays(-1) }.FillAsync(
            Path.Combine(AaClip.Tests.Parity.RepositoryRoot, "samples", "wire_mesh"),
            2,
            cancellation: TestContext.Current.CancellationToken
        );

        await Expect(page.Cards).ToHaveCountAsync(before + 2, new LocatorAssertionsToHaveCountOptions { Timeout = 60_000 });
    }

    private async Task<OpenPage> OpenAsync(string camera)
    {
        OpenPage page = await browser.OpenAsync($"{site.Address}/?camera={camera}&model={SeededStore.Model}");
        await page.Cards.First.WaitForAsync();
        await page.Cards.First.FocusAsync();
        return page;
    }

    // Waits until the newest images of the camera have these decisions.
    private async Task StoredAsync(string camera, params string?[] verdicts)
    {
        for (int i = 0; ; i++)
        {
            string?[] found =
            [
                .. (await site.ResultsAsync($"camera={camera}&model=demo@seed&top={verdicts.Length}")).Select(r =>
                    (string?)r["review"]?["verdict"]
                ),
            ];
            if (found.SequenceEqual(verdicts))
                return;
            Assert.True(i < 300, $"stored is {string.Join(", ", found)} instead of {string.Join(", ", verdicts)}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
