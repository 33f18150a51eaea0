using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;

namespace AaClip.EndToEnd.Tests;

public class Delivering_a_message_twice(AzuriteFixture azurite)
{
    private const string Cameras =
        """{ "schemaVersion": 1, "cameras": { "line1": { "threshold": 0.001, "alert": { "coolDownSeconds": 0 } } } }""";

    [Fact]
    public async Task Gives_one_result_and_no_second_alert()
    {
        await using Site site = await Site.OpenAsync(azurite, Cameras);
        await site.StartWorkerAsync();
        string etag = await site.DropAsync("line1/a.png", seed: 1);
        ResultDocument first = await site.ResultAsync("line1/a.png", etag);
        AlertEvent alert = Assert.Single(await site.AlertsAsync(1));

        for (int i = 0; i < 3; i++)
        {
            await site.SendAsync(QueueNames.Uploads, Messages.Upload("line1/a.png", etag));
            await site.SendAsync(QueueNames.Score, Messages.Score("line1/a.png", etag));
        }

        await site.QuietAsync();

        Assert.Equal(1, site.Log.All.Count(line => line.StartsWith("Information: Scored line1/a.png", StringComparison.Ordinal)));
        Assert.Equal(6, site.Log.All.Count(line => line.StartsWith("Information: Skipped line1/a.png", StringComparison.Ordinal)));
        Assert.Equal([new ImageVersion("line1/a.png", etag).Result(site.ModelId)], await site.BlobsAsync(ContainerNames.Results));
        Assert.Single(await site.BlobsAsync(ContainerNames.Heatmaps));
        Assert.Single(await site.BlobsAsync(ContainerNames.Maps));
        Assert.Equal(first.Score.Raw, (await site.ResultAsync("line1/a.png", etag)).Score.Raw);
        Assert.Equal(alert.Envelope.Id, Assert.Single(await site.PeekAlertsAsync()).Envelope.Id);
    }
}
