using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Models;

public sealed class ModelHostTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_not_tried_with_every_image()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        LogLines log = new();
        using LoggerFactory loggers = new([log]);
        await using ModelHost models = pipeline.Host(TinyPackage.Random(), time, log: loggers.CreateLogger<ModelHost>());
        await pipeline.Choice.PromoteAsync("gone@1", "tester", cancellation: Cancellation);

        for (int image = 0; image < 20; image++)
            await Assert.ThrowsAsync<InvalidDataException>(() => models.GetAsync(null, Cancellation));
        int within = Errors(log);
        time.Advance(TimeSpan.FromSeconds(2));
        for (int image = 0; image < 20; image++)
            await Assert.ThrowsAsync<InvalidDataException>(() => models.GetAsync(null, Cancellation));

        Assert.Equal((1, 2), (within, Errors(log)));
    }

    [Fact]
    public async Task Of_models_that_nobody_uses_the_last_stays_and_one_in_use_is_kept()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        LogLines log = new();
        using LoggerFactory loggers = new([log]);
        await using ModelHost models = pipeline.Host(TinyPackage.Random(), log: loggers.CreateLogger<ModelHost>());
        List<string> ids = [];
        foreach (double threshold in (double[])[0.11, 0.12, 0.13, 0.14])
            ids.Add(await pipeline.Repository.PublishAsync(TinyPackage.Recalibrated(threshold), cancellation: Cancellation));

        using ModelLease used = await models.GetAsync(ids[0], Cancellation);
        foreach (string id in ids[1..])
            (await models.GetAsync(id, Cancellation)).Dispose();

        Assert.Equal(
            [$"Information: Unloaded model {ids[1]}."],
            log.All.Where(line => line.StartsWith("Information: Unloaded", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_model_that_a_job_names_is_loaded_without_the_live_one()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string id = await pipeline.Repository.PublishAsync(TinyPackage.Random(), cancellation: Cancellation);
        await using ModelHost models = pipeline.Host("/nowhere");

        using ModelLease lease = await models.GetAsync(id, Cancellation);

        Assert.Equal(id, lease.Model.Id);
    }

    [Fact]
    public async Task A_promoted_model_takes_over_without_a_restart_and_every_result_names_its_own()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        ResultDocument? before = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        await pipeline.Choice.PromoteAsync(better, "tester", cancellation: Cancellation);
        List<ResultDocument> during = [];
        for (int i = 0; i < 200 && during.LastOrDefault()?.Model.Version != ModelId.Parse(better).Version; i++)
            during.Add((await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag)))!);
        await pipeline.Choice.PromoteAsync(null, "tester", cancellation: Cancellation);
        string back = await pipeline.Models.LiveIdAsync(Cancellation);

        Assert.Equal(pipeline.Models.OwnId, before!.Model.Id);
        Assert.Equal(Verdict.Anomalous, during[^1].Score.Verdict);
        Assert.All(during, d => Assert.Equal(d.Model.Id == better ? Verdict.Anomalous : Verdict.Normal, d.Score.Verdict));
        Assert.Equal(pipeline.Models.OwnId, back);
    }

    [Fact]
    public async Task A_damaged_copy_of_a_model_is_fetched_again()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        string folder = await pipeline.Repository.FetchAsync(better, cancellation: Cancellation);
        File.WriteAllBytes(Path.Combine(folder, ModelPackage.ImageGraph), [1, 2, 3]);

        using ModelLease lease = await pipeline.Models.GetAsync(better, Cancellation);

        Assert.Equal(better, lease.Model.Id);
    }

    [Fact]
    public async Task Who_cannot_read_which_model_is_live_guesses_none()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline
            .Storage.Container(ContainerNames.Config)
            .GetBlobClient(ModelRolesStore.BlobName)
            .UploadAsync(BinaryData.FromString("{ \"schemaVersion\": 99 }"), overwrite: true, Cancellation);

        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() => pipeline.Models.LiveAsync(Cancellation));

        Assert.Contains("schemaVersion 99", e.Message, StringComparison.Ordinal);
    }

    private static int Errors(LogLines log) => log.All.Count(line => line.StartsWith("Error: ", StringComparison.Ordinal));
}
