using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Jobs;

public sealed class JobReportPageTests(AzuriteFixture azurite)
{
    private const string Hostile = "<script>alert('é')</script>";

    private const string Escaped = "&lt;script&gt;alert(&#x27;é&#x27;)&lt;/script&gt;";

    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Names_of_cameras_images_and_models_cannot_become_markup()
    {
        StorageClients storage = await azurite.NewAsync();
        Compared flip = new($"{Hostile}/1.png", "0x1", new Outcome("normal", 0.25), new Outcome("anomalous", 0.75));
        await StoreAsync(storage, "old@1", flip, [1, 2, 3]);
        RescoreRequest request = Request with { Model = Hostile, Prefix = Hostile, Cameras = [Hostile, "line1"] };

        string html = await RenderAsync(storage, request, [flip]);

        Assert.Equal(1, Count(html, "<figure>"));
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"Names beginning with {Escaped}.", html, StringComparison.Ordinal);
        Assert.Contains($"Cameras {Escaped}, line1.", html, StringComparison.Ordinal);
        Assert.Contains($"<figcaption>{Escaped}/1.png<br>normal 0.250 → anomalous 0.750", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_was_found_stands_on_the_page()
    {
        StorageClients storage = await azurite.NewAsync();
        Compared flip = new("line1/a b.png", "0x1", new Outcome("anomalous", 0.625), new Outcome("normal", 0.375));
        Compared same = new("line1/b.png", "0x2", new Outcome("normal", 0.1), new Outcome("normal", 0.2));
        Compared none = new("line1/c.png", "0x3", Outcome.None, new Outcome("failed", null));
        await StoreAsync(storage, "old@1", flip, [251, 255]);
        await StoreAsync(storage, "new@2", flip, [2]);
        RescoreRequest between = Request with { Mode = RescoreMode.Compare, From = Noon.AddDays(-1), To = Noon };

        string html = await RenderAsync(
            storage,
            between with
            {
                Verdicts = [Verdict.Normal, Verdict.Failed],
            },
            [flip, same, none],
            flips: 1
        );

        Assert.Contains("<title>job-1</title>", html, StringComparison.Ordinal);
        Assert.Contains(
            "<p>Compared: new@2 against old@1, from 2026-01-31 12:00:00Z to 2026-01-31 13:00:00Z. "
                + "Stored from 2026-01-30 12:00:00Z. Stored before 2026-01-31 12:00:00Z. Old verdict normal or failed.</p>",
            html,
            StringComparison.Ordinal
        );
        Assert.Contains("<p class=\"big\">3 images, 1 changed their verdict; 50.0 % agreement.</p>", html, StringComparison.Ordinal);
        Assert.Contains(
            """
            <tr><th>old \ new<th>failed<th>normal</tr>
            <tr><td>anomalous<td>0<td>1</tr>
            <tr><td>none<td>1<td>0</tr>
            <tr><td>normal<td>0<td>1</tr>
            """,
            html,
            StringComparison.Ordinal
        );
        Assert.Contains("<p>2 images have both. The threshold is 0.5. Mean absolute difference 0.175.</p>", html, StringComparison.Ordinal);
        Assert.Contains("<rect class=\"first\" x=\"64.0\" y=\"0.0\"", html, StringComparison.Ordinal); // 0.1 is in the third bin of 20
        Assert.Contains("src=\"data:image/jpeg;base64,+/8=\"", html, StringComparison.Ordinal);
        Assert.Contains(
            $"<a href=\"{storage.Container(ContainerNames.Images).Uri}/line1/a%20b.png\">image</a>",
            html,
            StringComparison.Ordinal
        );
        Assert.Contains("""<tr><td>line1/a b.png<td>anomalous 0.625<td>normal 0.375<td>""", html, StringComparison.Ordinal);
        Assert.DoesNotContain("more are in", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_without_flips_or_pairs_has_no_empty_parts()
    {
        string html = await RenderAsync(await azurite.NewAsync(), Request, []);

        Assert.Contains("<p class=\"big\">0 images, 0 changed their verdict.</p>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<h2>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flips_beyond_those_listed_are_pointed_to()
    {
        (Outcome before, Outcome after) = (new("normal", 0.25), new("anomalous", 0.75));
        Compared[] found = [.. Enumerable.Range(0, 3).Select(i => new Compared($"c/{i}.png", "0x1", before, after))];

        string html = await RenderAsync(await azurite.NewAsync(), Request with { Mode = RescoreMode.Threshold }, found, flips: 1);

        Assert.Contains("<p>2 more are in jobs/job-1/flips.</p>", html, StringComparison.Ordinal);
        Assert.Contains("the heatmap is the one of the first scoring.", html, StringComparison.Ordinal);
    }

    private static RescoreRequest Request => new() { Model = "new@2", Against = "old@1" };

    private static async Task StoreAsync(StorageClients storage, string model, Compared image, byte[] heatmap) =>
        await storage
            .Container(ContainerNames.Heatmaps)
            .UploadBlobAsync(new ImageVersion(image.Image, image.ETag).Heatmap(model), BinaryData.FromBytes(heatmap), Cancellation);

    private static Task<string> RenderAsync(StorageClients storage, RescoreRequest request, Compared[] images, int flips = 100)
    {
        Comparison found = new Comparison().With(images);
        Job job = new()
        {
            Id = "job-1",
            Request = request,
            CreatedAt = Noon,
            UpdatedAt = Noon.AddHours(1),
            Found = found,
        };
        JobReport report = new(job, found.Agreement, found.MeanDifference, [.. images.Where(i => i.Flipped).Take(flips)]);
        return new JobReportPage(storage, reviewAddress: "").RenderAsync(report, Cancellation);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
