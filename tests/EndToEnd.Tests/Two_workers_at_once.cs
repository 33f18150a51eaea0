using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;

namespace AaClip.EndToEnd.Tests;

public class Two_workers_at_once(AzuriteFixture azurite)
{
    private const int Images = 40;

    private const string Cameras = """{ "schemaVersion": 1, "cameras": { "*": { "threshold": 0.001 } } }""";

    [Fact]
    public async Task Share_the_images_and_give_each_one_result_and_each_camera_one_alert()
    {
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        // Only one watches for uploads: Event Grid raises an event once.
        await site.StartWorkerAsync();
        await site.StartWorkerAsync(change: options => options with { WatchedContainer = null });

        (string Name, string ETag)[] dropped = await DropAsync(site);
        ResultDocument[] results = await site.ResultsAsync(dropped);
        await site.QuietAsync();

        Assert.All(results, result => Assert.Null(result.Failure));
        Assert.Equal(
            dropped.Select(image => new ImageVersion(image.Name, image.ETag).Result(site.ModelId)).Order(StringComparer.Ordinal),
            (await site.BlobsAsync(ContainerNames.Results)).Order(StringComparer.Ordinal)
        );
        AlertEvent[] opened = [.. (await site.PeekAlertsAsync()).Where(alert => alert.Envelope.Type == "aaclip.anomaly.opened")];
        Assert.Equal(["line0", "line1", "line2", "line3"], opened.Select(alert => alert.Envelope.Subject).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task That_both_see_each_upload_still_give_each_one_result_and_each_camera_one_alert()
    {
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        await site.StartWorkerAsync();
        await site.StartWorkerAsync();

        (string Name, string ETag)[] dropped = await DropAsync(site);
        await site.ResultsAsync(dropped);
        await site.QuietAsync();

        Assert.Equal(Images, (await site.BlobsAsync(ContainerNames.Results)).Length);
        AlertEvent[] alerts = await site.PeekAlertsAsync();
        Assert.Equal(alerts.Length, alerts.Select(alert => alert.Envelope.Id).Distinct().Count());
        Assert.Equal(4, alerts.Count(alert => alert.Envelope.Type == "aaclip.anomaly.opened"));
    }

    private static async Task<(string, string)[]> DropAsync(Site site) =>
        await Task.WhenAll(
            Enumerable
                .Range(0, Images)
                .Select(async i => ($"line{i % 4}/{i}.png", await site.DropAsync($"line{i % 4}/{i}.png", seed: i % 7)))
        );
}
