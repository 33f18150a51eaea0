using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Jobs;

public sealed class JobServiceTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_lost_its_step_gets_it_again_and_one_that_has_it_gets_no_second()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(3);
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        JobService watchdog = new(pipeline.Storage, pipeline.Store, pipeline.Repository, time);
        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = better,
                PageSize = 2,
            },
            pipeline.Models.OwnId,
            Cancellation
        );

        IReadOnlyList<Job> early = await watchdog.TendAsync(Cancellation);
        await pipeline.Storage.Queue(QueueNames.Rescore).ClearMessagesAsync(Cancellation);
        time.Advance(TimeSpan.FromMinutes(3));
        IReadOnlyList<Job> late = await watchdog.TendAsync(Cancellation),
            again = await watchdog.TendAsync(Cancellation);
        await pipeline.WorkAsync();

        Assert.Equal((0, 1, 0), (early.Count, late.Count, again.Count));
        Assert.Equal(
            (JobStatus.Done, 3L),
            ((await pipeline.Jobs.FindAsync("j", Cancellation)).Status, (await pipeline.Jobs.FindAsync("j", Cancellation)).Found.Images)
        );
    }

    [Fact]
    public async Task A_cancelled_job_stays_so()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(2);
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);

        await pipeline.Jobs.CancelAsync("j", Cancellation);
        await pipeline.WorkAsync();

        Assert.Equal(
            (JobStatus.Cancelled, 0),
            ((await pipeline.Jobs.FindAsync("j", Cancellation)).Status, (await pipeline.Jobs.FindAsync("j", Cancellation)).Listed)
        );
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            pipeline.Jobs.ResumeAsync("j", Cancellation)
        );
        Assert.Contains("is cancelled", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_request_with_the_same_id_is_the_same_job()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        RescoreRequest request = new() { Id = "j", Model = better };

        Job first = await pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation);
        Job second = await pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation);

        Job promoted = await pipeline.Jobs.StartAsync(request, better, Cancellation); // another model is live by now
        await pipeline
            .Storage.Container(ContainerNames.Models)
            .GetBlobClient(ModelId.Parse(better).Folder + "/" + ModelManifest.FileName)
            .DeleteAsync(cancellationToken: Cancellation);
        Job gone = await pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation);

        Assert.Equal((first.CreatedAt, first.CreatedAt, first.CreatedAt), (second.CreatedAt, promoted.CreatedAt, gone.CreatedAt));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            pipeline.Jobs.StartAsync(request with { PageSize = 7 }, pipeline.Models.OwnId, Cancellation)
        );
    }

    [Theory]
    [InlineData("none@1", null, "publish it")]
    [InlineData("nonsense", null, "expected name@version")]
    [InlineData("", "x/y", "is not valid: use up to 64 letters")]
    [InlineData("", "shadow", "choose another id")]
    public async Task A_request_that_makes_no_sense_is_refused(string model, string? id, string part)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);

        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() =>
            pipeline.Jobs.StartAsync(new RescoreRequest { Id = id, Model = model }, pipeline.Models.OwnId, Cancellation)
        );

        Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }
}
