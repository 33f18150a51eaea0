using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;

namespace AaClip.EndToEnd.Tests;

public class Uploading_a_defective_image(AzuriteFixture azurite)
{
    // Every picture scores above this.
    private const string Cameras =
        """{ "schemaVersion": 1, "cameras": { "line1": { "class": "bottle", "threshold": 0.001, "mapThreshold": -1000 } } }""";

    [Fact]
    public async Task Gives_a_result_with_heatmap_and_map_and_opens_an_alert()
    {
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        await site.StartWorkerAsync();

        string etag = await site.DropAsync("line1/day 1/ü.png", seed: 1);
        ResultDocument result = await site.ResultAsync("line1/day 1/ü.png", etag);
        AlertEvent alert = Assert.Single(await site.AlertsAsync(1));
        await site.QuietAsync();

        Assert.Equal(
            ("line1", "bottle", etag, 150, 130),
            (result.Image.Camera, result.Image.ObjectClass, result.Image.ETag, result.Image.Width, result.Image.Height)
        );
        Assert.Equal(Verdict.Anomalous, result.Score.Verdict);
        Assert.NotEmpty(result.Regions!);
        RgbImage heatmap = ImageDecoder.Decode(await site.ReadAsync(ContainerNames.Heatmaps, result.Heatmap!), "heatmap").Image;
        Assert.Equal((150, 130), (heatmap.Width, heatmap.Height));
        RgbImage map = ImageDecoder.Decode(await site.ReadAsync(ContainerNames.Maps, result.Map!.Blob), "map").Image;
        Assert.Equal((8, 8), (map.Width, map.Height));
        Assert.Equal(
            ("aaclip.anomaly.opened", "line1", "line1/day 1/ü.png", etag),
            (alert.Envelope.Type, alert.Envelope.Subject, alert.Anomaly!.Image.Blob, alert.Anomaly.Image.ETag)
        );
        Assert.Equal(result.Score.Calibrated, alert.Anomaly.Score.Calibrated);
        Assert.Equal(result.Heatmap, alert.Anomaly.Heatmap!.Blob);
        Assert.Single(await site.BlobsAsync(ContainerNames.Results));
    }

    [Fact]
    public async Task Continues_the_trace_that_an_event_brings()
    {
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        await site.StartWorkerAsync(change: options => options with { WatchedContainer = null });
        string etag = await site.DropAsync("line1/a.png", seed: 1);

        await site.SendAsync(
            QueueNames.Uploads,
            $$"""
            { "specversion": "1.0", "id": "1", "type": "Microsoft.Storage.BlobCreated", "time": "2026-01-31T08:00:00Z",
              "subject": "/blobServices/default/containers/images/blobs/line1/a.png",
              "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "data": { "eTag": "{{etag}}", "contentLength": 1 } }
            """
        );
        AlertEvent alert = Assert.Single(await site.AlertsAsync(1));

        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", alert.Traceparent, StringComparison.Ordinal);
    }
}
