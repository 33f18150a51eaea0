using System.Text.Json.Nodes;
using AaClip.Tests.Seeds;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace AaClip.Review.Tests.Pages;

/// <summary>Every view without a violation that axe finds (WCAG 2.2 A and AA, and best practices), and without a sideways scroll.</summary>
public class AccessibilityTests(SmallSite site, Browser browser) : IClassFixture<SmallSite>
{
    public static TheoryData<string, ColorScheme, int> Views()
    {
        TheoryData<string, ColorScheme, int> data = [];
        foreach (string view in Page.Views)
        foreach (ColorScheme scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
            data.Add(view, scheme, 1280);
        foreach (string view in Page.Views)
            data.Add(view, ColorScheme.Light, 360);
        return data;
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task Axe_finds_nothing(string view, ColorScheme scheme, int width)
    {
        await CameraAlerts.StoreAsync(site.Storage, "line9", new string('5', 32), new string('d', 32));
        await using OpenPage page = await browser.OpenAsync(site.Address + view + await ParametersAsync(view), scheme, width);
        await page.Tab.Locator("h1, h2").First.WaitForAsync();
        await page.Tab.WaitForLoadStateAsync(LoadState.NetworkIdle);

        AxeResult result = await page.Tab.RunAxe();

        Assert.Empty(result.Violations.Select(v => $"{v.Id}: {v.Help} {string.Join("; ", v.Nodes.Select(n => n.Html))}"));
        Assert.True(await page.Tab.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways");
    }

    [Fact]
    public async Task On_a_phone_every_control_has_room_for_a_finger()
    {
        foreach (string view in Page.Views)
        {
            await using OpenPage page = await browser.OpenAsync(site.Address + view + await ParametersAsync(view), width: 360, height: 740);
            await page.Tab.Locator("h1, h2").First.WaitForAsync();
            await page.Tab.WaitForLoadStateAsync(LoadState.NetworkIdle);

            string[] small = await page.Tab.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll("button, select, input, a.button, nav a, summary")]
                    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().width > 0)
                    .map((e) => [e, e.matches("input[type=checkbox], input[type=radio]") ? (e.closest("label") ?? e) : e])
                    .map(([e, target]) => [e, target.getBoundingClientRect()])
                    .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
                    .map(([e, box]) => `${e.outerHTML.slice(0, 120)}: ${box.width} x ${box.height}`)
                """
            );

            Assert.True(small.Length == 0, $"{view}: {string.Join("\n", small)}");
        }
    }

    private async Task<string> ParametersAsync(string view)
    {
        if (view == "/image")
        {
            JsonObject row = (await site.ResultsAsync("camera=pill&model=demo@seed&top=1"))[0];
            return $"?camera=pill&model={SeededStore.Model}&cursor={Uri.EscapeDataString((string)row["cursor"]!)}";
        }

        return view switch
        {
            "/whatif" => $"?camera=pill&model={SeededStore.Model}&from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z",
            "/compare" => $"?a={SeededStore.Model}&b={SeededStore.Other}&from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z",
            "/" => $"?model={SeededStore.Model}",
            _ => "",
        };
    }
}
