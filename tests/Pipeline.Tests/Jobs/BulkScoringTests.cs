using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Jobs;

public sealed class BulkScoringTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_tells_no_alert_rule_of_its_images()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(2);
        int before = (await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)).Count;

        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync();

        Assert.Equal((2, 2), (before, (await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)).Count));
    }

    [Fact]
    public async Task A_job_whose_model_cannot_be_loaded_fails_as_a_whole_and_goes_on_when_that_is_mended()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string folder = TinyPackage.Recalibrated(0.06 + Random.Shared.NextDouble() / 100),
            // A version of its own, which is in no cache of this machine
            better = await pipeline.Repository.PublishAsync(folder, cancellation: Cancellation);
        string blob = ModelId.Parse(better).Folder + "/" + ModelPackage.ImageGraph;
        byte[] graph = await pipeline.ReadAsync(ContainerNames.Models, blob);
        await pipeline
            .Storage.Container(ContainerNames.Models)
            .GetBlobClient(blob)
            .UploadAsync(BinaryData.FromString("damaged"), overwrite: true, Cancellation);
        await pipeline.ScoreAllAsync(3);

        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync();
        Job failed = await pipeline.Jobs.FindAsync("j", Cancellation);
        List<string> results =
        [
            .. (await pipeline.NamesAsync(ContainerNames.Results)).Where(n => n.StartsWith(better, StringComparison.Ordinal)),
        ];
        await pipeline
            .Storage.Container(ContainerNames.Models)
            .GetBlobClient(blob)
            .UploadAsync(BinaryData.FromBytes(graph), overwrite: true, Cancellation);
        await pipeline.Jobs.ResumeAsync("j", Cancellation);
        await pipeline.WorkAsync();

        Assert.Equal(JobStatus.Failed, failed.Status);
        Assert.Contains($"Model {better} cannot be loaded: ", failed.Reason!, StringComparison.Ordinal);
        Assert.Empty(results);
        Job done = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 3L), (done.Status, done.Found.Of("normal", "anomalous")));
    }
}
