using System.Globalization;
using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Events;
using AaClip.Scoring.Images;
using AaClip.Tests;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Tests.Jobs;

/// <summary>A job of mode timeline, from stored images to its report.</summary>
public sealed class TimelineJobTests(AzuriteFixture azurite)
{
    private const int Frames = 40;
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stored_images_become_one_time_line_cut_as_published_and_nothing_else_changes()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string model = await pipeline.Repository.PublishAsync(TinyPackage.Temporal("ucf"), cancellation: Cancellation);
        await pipeline.SetCamerasAsync(
            $$"""{ "c": { "events": { "model": "{{model}}", "everySeconds": 1, "threshold": 0.000001, "minSeconds": 1 } } }"""
        );
        for (int i = Frames - 1; i >= 0; i--) // names are not in the order of time
            await UploadAsync(pipeline, $"c/{(i * 7) % Frames:D2}.png", TestPipeline.Picture(i), Start.AddSeconds(i));
        await UploadAsync(pipeline, "c/broken.png", [1, 2, 3], Start.AddSeconds(3.5));

        await pipeline.Jobs.StartAsync(Request(model), pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(twice: true);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, Frames + 1L), (job.Status, job.Images));
        Assert.Equal(
            ((long)Frames, 1L),
            (job.Found.Of(Outcome.None.Word, StoredFrames.Seen), job.Found.Of(Outcome.None.Word, StoredFrames.Failed))
        );
        string json = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/timeline.json"));
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("timeline.schema.json"), json));
        TimelineDocument timeline = TimelineDocument.Parse(BinaryData.FromString(json));
        Assert.Equal([32, 8], timeline.Lengths);
        Assert.Equal(Enumerable.Range(0, Frames).Select(i => (double)i), timeline.Times);
        Assert.Equal(Enumerable.Range(0, Frames).Select(i => $"c/{(i * 7) % Frames:D2}.png"), timeline.Images);
        List<float> features = [];
        for (int i = 0; i < Frames; i++)
            features.AddRange(
                (
                    await pipeline.EventModels.FeatureAsync(
                        model,
                        ImageDecoder.Decode(TestPipeline.Picture(i), "it", new DecodeOptions()).Image,
                        Cancellation
                    )
                ).Values.Select(f => (float)(Half)f)
            );
        SequenceScores expected = await pipeline.EventModels.ScoreAsync(model, [.. features], Cancellation);
        Assert.Equal(expected.Binary.Select(p => Math.Round((double)p, 6)), timeline.P1);
        string report = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/report.json"));
        Assert.Equal(timeline.Events, JsonSerializer.Deserialize(report, JobJson.Default.JobReport)!.Events); // it is a report
        Assert.NotEmpty(timeline.Events);
        Assert.Empty(await pipeline.NamesAsync(ContainerNames.Results));
        Assert.Empty(await pipeline.NamesAsync(ContainerNames.Timelines));
        Assert.Empty(await pipeline.MessagesAsync(QueueNames.Events, MessageJson.Default.FrameSeen));
    }

    [Fact]
    public async Task A_request_of_another_kind_of_model_or_of_several_cameras_is_refused()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string model = await pipeline.Repository.PublishAsync(TinyPackage.Temporal("ucf"), cancellation: Cancellation),
            scores = await pipeline.Repository.PublishAsync(TestPipeline.AllNormal, cancellation: Cancellation);

        await RefusedAsync(Request(scores), "is a model that scores images");
        await RefusedAsync(Request(model) with { Mode = RescoreMode.Full }, "is a temporal package");
        await RefusedAsync(Request(model) with { Cameras = ["a", "b"] }, "one camera");
        await RefusedAsync(Request(model) with { Verdicts = [Verdict.Normal] }, "leave out verdicts");
        await RefusedAsync(Request(model) with { Against = scores }, "leave out against");

        async Task RefusedAsync(RescoreRequest request, string why)
        {
            ArgumentException refusal = await Assert.ThrowsAsync<ArgumentException>(() =>
                pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation)
            );
            Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        }
    }

    private static RescoreRequest Request(string model) =>
        new()
        {
            Id = "j",
            Mode = RescoreMode.Timeline,
            Model = model,
            Cameras = ["c"],
            PageSize = 16,
        };

    private static async Task UploadAsync(TestPipeline pipeline, string name, byte[] content, DateTimeOffset taken)
    {
        BlobUploadOptions options = new()
        {
            Metadata = new Dictionary<string, string> { ["time"] = taken.ToString("O", CultureInfo.InvariantCulture) },
        };
        await pipeline
            .Storage.Container(ContainerNames.Images)
            .GetBlobClient(name)
            .UploadAsync(BinaryData.FromBytes(content), options, Cancellation);
    }
}
