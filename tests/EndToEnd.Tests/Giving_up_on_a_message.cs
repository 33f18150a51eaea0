using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Storage;

namespace AaClip.EndToEnd.Tests;

public class Giving_up_on_a_message(AzuriteFixture azurite)
{
    [Fact]
    public async Task Gives_the_image_a_failed_result_that_says_what_to_do()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync(Site.FewAttempts, change: options => options with { WatchedContainer = null });
        string etag = await site.DropAsync("line1/a.png", seed: 1);

        // No such model is in storage, but it may still be published: a transient error.
        await site.SendAsync(QueueNames.Score, Messages.Score("line1/a.png", etag, "other@9"));
        string name = new ImageVersion("line1/a.png", etag).Result("other@9");
        ResultDocument result = await site.WaitAsync(
            "a failed result",
            () => site.Results.ReadAsync(name, TestContext.Current.CancellationToken)
        );
        await site.QuietAsync();

        Assert.Equal((Verdict.Failed, FailureCodes.GivenUp), (result.Score.Verdict, result.Failure!.Code));
        Assert.Contains("upload the image again or rescore it", result.Failure.Message, StringComparison.Ordinal);
        Assert.Empty(await site.PeekAlertsAsync());
        Assert.Contains(
            site.Log.All,
            line =>
                line.StartsWith("Error: ", StringComparison.Ordinal)
                && line.Contains("Model other@9 is not in container", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task That_failed_after_its_result_leaves_the_result_as_it_is()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync(Site.FewAttempts);
        string etag = await site.DropAsync("line1/a.png", seed: 1);
        ResultDocument before = await site.ResultAsync("line1/a.png", etag);
        await site.QuietAsync();

        await site.SendAsync(QueueNames.ScorePoison, Messages.Score("line1/a.png", etag));
        await site.QuietAsync();

        ResultDocument after = await site.ResultAsync("line1/a.png", etag);
        Assert.Equal((before.Score.Verdict, before.Score.Raw, null), (after.Score.Verdict, after.Score.Raw, after.Failure));
        Assert.Single(await site.BlobsAsync(ContainerNames.Results, "failed/score/"));
    }

    [Fact]
    public async Task Keeps_it_so_that_it_can_be_sent_again_once_and_the_image_is_scored()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync(Site.FewAttempts, change: options => options with { WatchedContainer = null });
        string etag = await site.DropAsync("line1/a.png", seed: 1);
        await site.SendAsync(QueueNames.ScorePoison, Messages.Score("line1/a.png", etag));
        ResultDocument failed = await site.ResultAsync("line1/a.png", etag);
        await site.QuietAsync();
        Redrive redrive = new(site.Storage, TimeProvider.System);
        GivenUp kept = Assert.Single(
            await redrive
                .ListAsync(null, "line1", null, TestContext.Current.CancellationToken)
                .ToListAsync(TestContext.Current.CancellationToken)
        );

        FailedMessage? sent = await redrive.SendAsync(kept.Blob, TestContext.Current.CancellationToken),
            again = await redrive.SendAsync(kept.Blob, TestContext.Current.CancellationToken);
        await site.QuietAsync();

        Assert.Equal(FailureCodes.GivenUp, failed.Failure?.Code);
        Assert.Contains("'aaclip redrive'", failed.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(1, sent?.Redriven);
        Assert.Null(again);
        Assert.Null((await site.ResultAsync("line1/a.png", etag)).Failure);
    }
}
