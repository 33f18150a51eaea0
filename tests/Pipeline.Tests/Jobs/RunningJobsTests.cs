using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Tests;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Jobs;

public sealed class RunningJobsTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_is_paused_is_noticed_after_two_seconds()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        FakeTimeProvider time = new();
        RunningJobs running = new(pipeline.Store, time);
        RescoreRequest request = new() { Id = "j", Model = pipeline.Models.OwnId };
        await pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation);

        bool before = await running.IsActiveAsync("j", Cancellation);
        await pipeline.Jobs.PauseAsync("j", Cancellation);
        bool atOnce = await running.IsActiveAsync("j", Cancellation);
        time.Advance(TimeSpan.FromSeconds(2));
        bool later = await running.IsActiveAsync("j", Cancellation);

        Assert.Equal((true, true, false), (before, atOnce, later));
    }
}
