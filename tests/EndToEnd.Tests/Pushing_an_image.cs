using System.Net;
using System.Text;
using System.Text.Json;
using AaClip.LocalHost;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;

namespace AaClip.EndToEnd.Tests;

public class Pushing_an_image(AzuriteFixture azurite)
{
    // Every picture scores above this.
    private const string Cameras =
        """{ "schemaVersion": 1, "cameras": { "line1": { "class": "bottle", "threshold": 0.001, "mapThreshold": -1000 } } }""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Is_answered_with_its_result_and_opens_one_alert()
    {
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        FunctionHost host = await site.StartWorkerAsync(new() { ["Push__WaitSeconds"] = "230" });
        using HttpClient http = new() { BaseAddress = new Uri(host.Url) };
        using MultipartFormDataContent form = [];
        form.Add(new StringContent("SN-1"), "part");
        form.Add(new ByteArrayContent(ImageEncoder.Png(Pictures.Draw(1))), "image", "a.png");

        using HttpResponseMessage answer = await http.PostAsync("/api/score?camera=line1", form, Cancellation);
        byte[] json = await answer.Content.ReadAsByteArrayAsync(Cancellation);
        AlertEvent alert = Assert.Single(await site.AlertsAsync(1));
        await site.QuietAsync(); // the storage event is handled, too

        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode}: {Encoding.UTF8.GetString(json)}");
        ResultDocument result = ResultDocument.Parse(json, "the answer");
        Assert.Equal(("line1", "bottle", "SN-1"), (result.Image.Camera, result.Image.ObjectClass, result.Image.Part));
        Assert.Equal((result.Image.Name, "SN-1"), (alert.Anomaly?.Image.Blob, alert.Anomaly?.Image.Part));
        Assert.Single(await site.BlobsAsync(ContainerNames.Results));
        Assert.Single(await site.PeekAlertsAsync());
        string list = await http.GetStringAsync("/api/results?camera=line1&part=SN-1", Cancellation);
        Assert.Contains(result.Image.Name, list, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_answered_with_an_address_where_no_worker_scores()
    {
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        FunctionHost router = await site.StartWorkerAsync(
            new() { ["Push__WaitSeconds"] = "0", ["AzureWebJobs.ScoreImage.Disabled"] = "true" }
        );
        using HttpClient http = new() { BaseAddress = new Uri(router.Url) };
        byte[] large = new byte[40_000_000]; // beyond the limit that web servers have by default
        ImageEncoder.Png(Pictures.Draw(1)).CopyTo(large, 0);
        using ByteArrayContent body = new(large);
        body.Headers.ContentType = new("application/octet-stream");

        using HttpResponseMessage answer = await http.PostAsync("/api/score?camera=line1", body, Cancellation);
        using HttpResponseMessage early = await http.GetAsync(answer.Headers.Location, Cancellation);
        await site.StartWorkerAsync();
        using HttpResponseMessage late = await site.WaitAsync(
            "the result",
            async () => await http.GetAsync(answer.Headers.Location, Cancellation) is { StatusCode: HttpStatusCode.OK } there ? there : null
        );

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.NotFound), (answer.StatusCode, early.StatusCode));
        Assert.Contains("\"camera\":\"line1\"", await late.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_refused_with_the_reason_where_its_camera_is_not_known()
    {
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        FunctionHost host = await site.StartWorkerAsync();
        using HttpClient http = new() { BaseAddress = new Uri(host.Url) };
        using ByteArrayContent body = new(ImageEncoder.Png(Pictures.Draw(1)));
        body.Headers.ContentType = new("image/png");

        using HttpResponseMessage answer = await http.PostAsync("/api/score?camera=line9", body, Cancellation);

        Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, "application/problem+json"),
            (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType)
        );
        using JsonDocument problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
        string? detail = problem.RootElement.GetProperty("detail").GetString();
        Assert.Contains("has no profile for camera 'line9'", detail, StringComparison.Ordinal);
        Assert.Empty(await site.BlobsAsync(ContainerNames.Images));
    }
}
