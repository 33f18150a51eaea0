using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace AaClip.Review.Tests.Pages;

/// <summary>Camera profiles, edited in the browser.</summary>
public class ProfilesTests(SmallSite site, Browser browser) : IClassFixture<SmallSite>
{
    private const string Threshold = "Threshold: scores from here on are anomalous (raw)";

    // One after the other: all of it is about one file.
    [Fact]
    public async Task A_profile_is_checked_as_one_types_saved_after_the_difference_was_shown_and_restored()
    {
        await using OpenPage page = await browser.OpenAsync($"{site.Address}/cameras?camera=pill");
        IPage tab = page.Tab;
        ILocator field = tab.GetByLabel(Threshold),
            save = tab.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save…", Exact = true });

        // A fault is named, and cannot be saved
        await field.FillAsync("7");
        await Expect(tab.GetByText("This profile cannot be saved:")).ToBeVisibleAsync();
        await Expect(tab.GetByText("'threshold' is 7")).ToBeVisibleAsync();
        await Expect(save).ToBeDisabledAsync();

        // Cancelled, nothing is stored
        await field.FillAsync("0.61");
        await Expect(tab.GetByText("Not saved yet")).ToBeVisibleAsync();
        await save.ClickAsync();
        ILocator dialog = tab.GetByRole(AriaRole.Dialog);
        await Expect(dialog).ToContainTextAsync("0.61");
        await tab.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToBeHiddenAsync();
        Assert.Null((await site.GetAsync("/api/cameras"))["etag"]);

        // Saved, it is in force, and the version says who
        await save.ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Save", Exact = true }).ClickAsync();
        await Expect(tab.Locator("page-messages")).ToContainTextAsync("Saved");
        Assert.Equal(0.61, await ThresholdAsync("pill"));
        await Expect(tab.GetByRole(AriaRole.Region, new PageGetByRoleOptions { Name = "Versions" }))
            .ToContainTextAsync(Environment.UserName);

        // What somebody else saved meanwhile is not overwritten
        await field.FillAsync("0.7");
        await Expect(tab.GetByText("Not saved yet")).ToBeVisibleAsync();
        JsonObject others = await site.GetAsync("/api/cameras");
        await site.SendAsync(
            HttpMethod.Post,
            "/api/cameras/threshold",
            new JsonObject
            {
                ["camera"] = "key",
                ["threshold"] = 0.3,
                ["etag"] = others["etag"]!.DeepClone(),
            }
        );
        await save.ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Save", Exact = true }).ClickAsync();
        await Expect(tab.Locator("page-messages")).ToContainTextAsync("was not saved");
        Assert.Equal(0.61, await ThresholdAsync("pill"));
        await tab.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Load again" }).ClickAsync();
        await Expect(field).ToHaveValueAsync("0.61");

        // An earlier version comes back
        await tab.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new("^Restore…") }).First.ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Restore", Exact = true }).ClickAsync();
        for (; await ThresholdAsync("key") is not null; TestContext.Current.CancellationToken.ThrowIfCancellationRequested())
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(0.61, await ThresholdAsync("pill"));
    }

    private async Task<double?> ThresholdAsync(string camera) =>
        (double?)
            (await site.GetAsync("/api/cameras"))["cameras"]!.AsArray().Single(c => (string?)c!["name"] == camera)!["profile"]![
                "threshold"
            ];
}
