using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tiles;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Jobs;

/// <summary>Jobs of mode "threshold".</summary>
public sealed class MapRejudgerTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Threshold_mode_judges_stored_maps_by_the_new_calibration_and_runs_no_model()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string stricter = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(3);

        await RejudgeAsync(pipeline, stricter);
        string etag = (await pipeline.NamesAsync(ContainerNames.Results))
            .First(n => n.Contains("c/0.png", StringComparison.Ordinal))
            .Split('/')[^1][..^5];
        ResultDocument judged = pipeline.Result(new ImageVersion("c/0.png", etag).Result(stricter));
        await pipeline.ScoreAsync(TestPipeline.Request("c/0.png", etag, model: stricter)); // as the model itself would have it
        ResultDocument scored = pipeline.Result(new ImageVersion("c/0.png", etag).Result(stricter));

        Assert.Empty(await pipeline.MessagesAsync(QueueNames.ScoreBulk, MessageJson.Default.ScoreRequested));
        Assert.Equal(JobStatus.Done, (await pipeline.Jobs.FindAsync("j", Cancellation)).Status);
        Assert.Equal((Verdict.Anomalous, scored.Score.Verdict), (judged.Score.Verdict, judged.Score.Verdict));
        Assert.Equal(scored.Score.Raw!.Value, judged.Score.Raw!.Value, 4); // a map is stored in 16 bits
        Assert.Equal(scored.Score.Threshold, judged.Score.Threshold);
        Assert.Equal(scored.Map!.Blob, judged.Map!.Blob);
        Assert.Contains(judged.Map.Blob, await pipeline.NamesAsync(ContainerNames.Maps));
    }

    [Fact]
    public async Task Threshold_mode_goes_on_past_maps_that_are_gone_or_damaged()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string stricter = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(3);
        string[] maps = [.. await pipeline.NamesAsync(ContainerNames.Maps)];
        await pipeline.Storage.Container(ContainerNames.Maps).GetBlobClient(maps[0]).DeleteAsync(cancellationToken: Cancellation);
        await pipeline
            .Storage.Container(ContainerNames.Maps)
            .GetBlobClient(maps[1])
            .UploadAsync(BinaryData.FromString("no map"), overwrite: true, Cancellation);

        await RejudgeAsync(pipeline, stricter);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 2L, 1L), (job.Status, job.Found.Of("normal", "none"), job.Found.Of("normal", "anomalous")));
    }

    [Fact]
    public async Task Threshold_mode_takes_over_a_changed_profile_of_the_live_model()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.ScoreAllAsync(2);
        await pipeline.SetCamerasAsync("""{ "c": { "class": "bottle", "threshold": 0.05 } }""");

        await RejudgeAsync(pipeline, pipeline.Models.OwnId);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 2L), (job.Status, job.Found.Of("normal", "anomalous")));
    }

    [Fact]
    public async Task Threshold_mode_judges_an_image_in_tiles_as_it_was_cut_with_the_mask_of_today()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.SetCamerasAsync("""{ "c": { "class": "bottle", "tiles": "3x2" } }""");
        string etag = await pipeline.UploadAsync("c/0.png", Noise(640, 480));
        ResultDocument before = (await pipeline.ScoreAsync(TestPipeline.Request("c/0.png", etag)))!;
        Tile worst = before.Tiles![before.Score.Tile!.Value];
        // The worst tile is ignored from now on, and images are cut in another way.
        (double left, double right) = (worst.X / 640.0, (worst.X + worst.Width) / 640.0);
        (double top, double bottom) = (worst.Y / 480.0, (worst.Y + worst.Height) / 480.0);
        string mask = FormattableString.Invariant($"[[{left}, {top}], [{right}, {top}], [{right}, {bottom}], [{left}, {bottom}]]");
        await pipeline.SetCamerasAsync($$"""{ "c": { "class": "bottle", "tiles": "2x2", "threshold": 0.05, "ignore": [{{mask}}] } }""");

        await RejudgeAsync(pipeline, pipeline.Models.OwnId);

        ResultDocument judged = pipeline.Result(new ImageVersion("c/0.png", etag).Result(pipeline.Models.OwnId));
        Assert.Equal(before.Tiles, judged.Tiles);
        Assert.Equal(Verdict.Anomalous, judged.Score.Verdict);
        Assert.NotEqual(before.Score.Tile, judged.Score.Tile);
        Assert.Equal(judged.Tiles![judged.Score.Tile!.Value].Detection, judged.Score.Detection);
        // A new image of the same content that is cut as before has that score.
        await pipeline.SetCamerasAsync($$"""{ "c": { "class": "bottle", "tiles": "3x2", "threshold": 0.05, "ignore": [{{mask}}] } }""");
        string again = await pipeline.UploadAsync("c/1.png", Noise(640, 480));
        ScorePart scored = (await pipeline.ScoreAsync(TestPipeline.Request("c/1.png", again)))!.Score;
        Assert.Equal((scored.Tile, scored.Detection), (judged.Score.Tile, judged.Score.Detection));
        Assert.Equal(scored.Raw!.Value, judged.Score.Raw!.Value, 4); // a map is stored in 16 bits
    }

    private static byte[] Noise(int width, int height)
    {
        byte[] pixels = new byte[3 * width * height];
        new Random(1).NextBytes(pixels);
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(pixels[i] * (i % (3 * width)) / (3 * width)); // stronger to the right, so that tiles differ
        return ImageEncoder.Png(new RgbImage(width, height, pixels));
    }

    [Fact]
    public async Task Threshold_mode_with_other_weights_fails_with_what_to_do()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string other = await pipeline.Repository.PublishAsync(TinyPackage.Random(Precision.Int8), cancellation: Cancellation);
        await pipeline.ScoreAllAsync(1);

        await RejudgeAsync(pipeline, other);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Contains("use mode full", job.Reason!, StringComparison.Ordinal);
    }

    // Judges all stored maps again, with the calibration of a model: a job "j", to its end.
    private static async Task RejudgeAsync(TestPipeline pipeline, string model)
    {
        RescoreRequest request = new()
        {
            Id = "j",
            Model = model,
            Mode = RescoreMode.Threshold,
        };
        await pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(score: false);
    }
}
