using System.Text.Json.Nodes;
using AaClip.Pipeline.Storage;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace AaClip.Review.Tests.Pages;

/// <summary>Alerts in the view of the state.</summary>
public class AlertsTests(SmallSite site, Browser browser) : IClassFixture<SmallSite>
{
    private const string Silence = "5111111111111111111111111111111a",
        Drift = "d111111111111111111111111111111a";

    private static readonly LocatorAssertionsToHaveCountOptions Count = new() { Timeout = 60_000 }; // it only ends a hang
    private static readonly LocatorAssertionsToContainTextOptions Text = new() { Timeout = 60_000 };

    [Fact]
    public async Task A_silent_camera_and_one_that_drifts_are_shown_acknowledged_and_closed()
    {
        await CameraAlerts.StoreAsync(site.Storage, "line9", Silence, Drift);
        await using OpenPage page = await browser.OpenAsync(site.Address + "/state");
        ILocator rows = page.Tab.Locator("open-alerts tbody tr");

        await Expect(rows).ToHaveCountAsync(2, Count);
        await Expect(rows.Nth(0)).ToContainTextAsync("Silent", Text);
        await Expect(rows.Nth(0)).ToContainTextAsync("silent after 10 min without one", Text);
        await Expect(rows.Nth(1)).ToContainTextAsync("Population stability index 0.31", Text);
        await page.Tab.GetByRole(AriaRole.Button, new() { Name = "Acknowledge… the drift alert of line9" }).ClickAsync();
        await page.Tab.GetByRole(AriaRole.Button, new() { Name = "Acknowledge", Exact = true }).ClickAsync();
        await Expect(rows.Nth(1)).ToContainTextAsync("✓", Text);
        await page.Tab.GetByRole(AriaRole.Button, new() { Name = "Close… the silence alert of line9" }).ClickAsync();
        await page.Tab.GetByRole(AriaRole.Textbox).Last.FillAsync("It is being cleaned.");
        await page.Tab.GetByRole(AriaRole.Button, new() { Name = "Close the alert" }).ClickAsync();

        await Expect(rows).ToHaveCountAsync(1, Count);
        JsonObject left = (await site.GetAsync("/api/alerts"))["alerts"]!.AsArray().Single()!.AsObject();
        Assert.Equal((Drift, "drift", "line9"), ((string?)left["alertId"], (string?)left["kind"], (string?)left["camera"]));
        Assert.NotNull(left["acknowledged"]);
        BinaryData stored = (
            await site
                .Storage.Container(ContainerNames.State)
                .GetBlobClient("alerts/line9.json")
                .DownloadContentAsync(TestContext.Current.CancellationToken)
        )
            .Value
            .Content;
        JsonObject state = JsonNode.Parse(stored)!.AsObject();
        Assert.Equal(2, state["outbox"]!.AsArray().Count); // what the workers tell
        Assert.True((bool?)state["silence"]!["dismissed"]);
    }
}
