using System.Text.Json.Nodes;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Tests.Seeds;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace AaClip.Review.Tests.Pages;

public class ImageTests(SmallSite site, Browser browser) : IClassFixture<SmallSite>
{
    private const int MaxDifference = 2; // of 255

    [Fact]
    public async Task The_page_draws_heat_in_the_colours_of_the_server()
    {
        JsonObject row = (await site.ResultsAsync("camera=pill&model=demo@seed&verdict=anomalous&top=1"))[0];
        await using OpenPage page = await OpenAsync(row);
        await page.Tab.Locator("zoom-photo canvas").WaitForAsync();

        // What the page shows at the opacity of the server: photo, and over it the canvas
        string picture = await page.Tab.EvaluateAsync<string>(
            """
            async () => {
                const photo = document.querySelector("zoom-photo img");
                const heat = document.querySelector("zoom-photo canvas");
                const canvas = document.createElement("canvas");
                [canvas.width, canvas.height] = [heat.width, heat.height];
                const context = canvas.getContext("2d");
                context.drawImage(photo, 0, 0, canvas.width, canvas.height);
                const plain = canvas.toDataURL("image/png");
                context.globalAlpha = 0.7;
                context.drawImage(heat, 0, 0);
                return plain + " " + canvas.toDataURL("image/png");
            }
            """
        );
        RgbImage[] shown =
        [
            .. picture.Split(' ').Select(url => ImageDecoder.Decode(Convert.FromBase64String(url.Split(',')[1]), "shown").Image),
        ];

        JsonObject map = await site.GetAsync($"/api/map?blob={Uri.EscapeDataString((string)row["blob"]!)}");
        RgbImage wanted = shown[0];
        Assert.Equal(((int)row["width"]!, (int)row["height"]!), (wanted.Width, wanted.Height));
        Heatmap.DrawOver(
            wanted,
            await StoredAsync((string)row["blob"]!),
            new HeatmapOptions
            {
                Low = (float)map["low"]!,
                Threshold = (float)map["threshold"]!,
                High = (float)map["high"]!,
                Contour = false,
            }
        );
        int largest = wanted.Pixels.Zip(shown[1].Pixels, (a, b) => Math.Abs(a - b)).Max();
        Assert.InRange(largest, 0, MaxDifference);
    }

    [Fact]
    public async Task Keys_switch_models_zoom_and_hide_the_heat()
    {
        JsonObject row = (await site.ResultsAsync("camera=gasket&model=demo@seed&top=1"))[0];
        await using OpenPage page = await OpenAsync(row);
        await page.Tab.Locator("zoom-photo canvas").WaitForAsync();

        await page.Tab.Keyboard.PressAsync("b");
        await Expect(page.Tab).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("show=demo@seed2"));
        await page.Tab.Keyboard.PressAsync("a");
        await Expect(page.Tab).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("show=demo@seed(&|$)"));
        await page.Tab.Keyboard.PressAsync("+");
        await Expect(page.Tab.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Whole image, now 150 %" })).ToBeVisibleAsync();
        await page.Tab.Keyboard.PressAsync("0");
        await Expect(page.Tab.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Whole image, now 100 %" })).ToBeVisibleAsync();
        await page.Tab.Keyboard.PressAsync("h");
        await Expect(page.Tab.Locator("zoom-photo .heat")).ToHaveCSSAsync("opacity", "0");
        await page.Tab.Keyboard.PressAsync("n");
        await Expect(page.Tab.Locator("textarea")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task A_picture_that_the_check_flags_is_marked_with_its_probability()
    {
        JsonObject flagged = (await site.ResultsAsync("model=demo@seed&generated=generated&top=1"))[0];
        JsonObject other = (await site.ResultsAsync("model=demo@seed&generated=camera&top=1"))[0];

        await using OpenPage page = await OpenAsync(flagged);
        await using OpenPage second = await OpenAsync(other);

        await Expect(page.Tab.Locator(".facts")).ToContainTextAsync("Flagged, probability 0.970 (threshold 0.900)");
        await Expect(second.Tab.Locator(".facts")).ToContainTextAsync("Not flagged, probability 0.030 (threshold 0.900)");
    }

    [Fact]
    public async Task An_image_that_is_gone_is_told_in_words()
    {
        JsonObject row = (await site.ResultsAsync("camera=key&model=demo@seed&top=1"))[0];
        await site
            .Storage.Container("images")
            .DeleteBlobAsync((string)row["image"]!, cancellationToken: TestContext.Current.CancellationToken);

        await using OpenPage page = await OpenAsync(row);

        await Expect(page.Tab.GetByRole(AriaRole.Alert).First).ToContainTextAsync("gone");
    }

    private async Task<AnomalyMap> StoredAsync(string blob)
    {
        JsonObject result = await site.GetAsync($"/api/result?blob={Uri.EscapeDataString(blob)}");
        JsonNode part = result["map"]!;
        byte[] png = (
            await site
                .Storage.Container("maps")
                .GetBlobClient((string)part["blob"]!)
                .DownloadContentAsync(TestContext.Current.CancellationToken)
        ).Value.Content.ToArray();
        int side = (int)part["side"]!;
        QuantizedMap stored = new()
        {
            Values = ImageDecoder.Grey16(png, "map", side, side),
            Scale = (float)part["scale"]!,
            Offset = (float)part["offset"]!,
        };
        return new AnomalyMap(stored.ToFloat32(), side, (int)part["size"]!, Domain.Industrial);
    }

    private Task<OpenPage> OpenAsync(JsonObject row) =>
        browser.OpenAsync(
            $"{site.Address}/image?camera={row["camera"]}&model={SeededStore.Model}&cursor={Uri.EscapeDataString((string)row["cursor"]!)}"
        );
}
