using AaClip.LocalHost;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;

namespace AaClip.EndToEnd.Tests;

public class Restarting_the_service(AzuriteFixture azurite)
{
    private const int Images = 60;

    [Fact]
    public async Task In_the_middle_of_its_work_loses_nothing_and_scores_nothing_twice()
    {
        await using Site site = await Site.OpenAsync(azurite);
        FunctionHost first = await site.StartWorkerAsync();
        (string Name, string ETag)[] dropped = await Task.WhenAll(
            Enumerable.Range(0, Images).Select(async i => ($"line1/{i}.png", await site.DropAsync($"line1/{i}.png", seed: i % 7)))
        );
        await site.WaitAsync(
            "some results",
            async () => await site.BlobsAsync(ContainerNames.Results) is { Length: > 5 } some ? some : null
        );

        await first.StopAsync(TestContext.Current.CancellationToken);
        int done = (await site.BlobsAsync(ContainerNames.Results)).Length;
        await site.StartWorkerAsync();
        ResultDocument[] results = await site.ResultsAsync(dropped);
        await site.QuietAsync();

        Assert.InRange(done, 6, Images - 1);
        Assert.Equal(Images, (await site.BlobsAsync(ContainerNames.Results)).Length);
        Assert.All(results, result => Assert.Null(result.Failure));
        Assert.Equal(Images, site.Log.All.Count(line => line.StartsWith("Information: Scored ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Scores_what_was_dropped_while_it_was_down_and_nothing_that_it_had_seen()
    {
        await using Site site = await Site.OpenAsync(azurite);
        FunctionHost first = await site.StartWorkerAsync();
        await site.ResultAsync("line1/a.png", await site.DropAsync("line1/a.png", seed: 1));
        await site.QuietAsync();
        await first.StopAsync(TestContext.Current.CancellationToken);

        string etag = await site.DropAsync("line1/b.png", seed: 2);
        await site.StartWorkerAsync();
        await site.ResultAsync("line1/b.png", etag);
        await site.QuietAsync();

        Assert.Equal(1, site.Log.All.Count(line => line.StartsWith("Information: Scored line1/a.png", StringComparison.Ordinal)));
        Assert.Equal(1, site.Log.All.Count(line => line.StartsWith("Information: Scored line1/b.png", StringComparison.Ordinal)));
    }
}
