using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;

namespace AaClip.EndToEnd.Tests;

public class Overwriting_an_image(AzuriteFixture azurite)
{
    [Fact]
    public async Task Gives_the_new_version_a_result_of_its_own_and_keeps_the_old_one()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync();

        string before = await site.DropAsync("line1/a.png", seed: 1);
        ResultDocument first = await site.ResultAsync("line1/a.png", before);
        string after = await site.DropAsync("line1/a.png", seed: 2);
        ResultDocument second = await site.ResultAsync("line1/a.png", after);
        await site.QuietAsync();

        Assert.NotEqual(before, after);
        Assert.NotEqual(first.Score.Raw, second.Score.Raw);
        Assert.Equal((before, after), (first.Image.ETag, second.Image.ETag));
        Assert.Equal(2, (await site.BlobsAsync(ContainerNames.Results)).Length);
        Assert.Equal(
            after,
            (await site.Results.LatestAsync(site.ModelId, "line1/a.png", TestContext.Current.CancellationToken))!.Image.ETag
        );
    }

    [Fact]
    public async Task Before_it_was_scored_leaves_the_old_version_without_a_result()
    {
        await using Site site = await Site.OpenAsync(azurite);
        string before = await site.DropAsync("line1/a.png", seed: 1);
        string after = await site.DropAsync("line1/a.png", seed: 2);

        await site.StartWorkerAsync();
        await site.ResultAsync("line1/a.png", after);
        await site.SendAsync(QueueNames.Score, Messages.Score("line1/a.png", before));
        await site.QuietAsync();

        Assert.Equal([new ImageVersion("line1/a.png", after).Result(site.ModelId)], await site.BlobsAsync(ContainerNames.Results));
        Assert.Contains(
            site.Log.All,
            line =>
                line.StartsWith(
                    $"Information: Skipped line1/a.png: its current version {after} is already scored",
                    StringComparison.Ordinal
                )
        );
    }
}
