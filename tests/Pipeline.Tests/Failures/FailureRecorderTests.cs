using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Failures;

public sealed class FailureRecorderTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_given_up_on_becomes_a_failed_result()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string message = JsonSerializer.Serialize(TestPipeline.Request("c/a.png", "0x1"), MessageJson.Default.ScoreRequested);

        await pipeline.Failures.RecordAsync(QueueNames.Score, message, Cancellation);
        await pipeline.Failures.RecordAsync(QueueNames.Score, message, Cancellation);

        ResultDocument? result = await pipeline.Results.LatestAsync(pipeline.Models.OwnId, "c/a.png", Cancellation);
        Assert.Equal(("given-up", "bottle"), (result?.Failure?.Code, result?.Image.ObjectClass));
        string json = Encoding.UTF8.GetString(
            await pipeline.ReadAsync(ContainerNames.Results, $"{pipeline.Models.OwnId}/c/a.png/0x1.json")
        );
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), json));
        Assert.Equal(
            message,
            JsonSerializer.Deserialize(await RecordAsync(pipeline, QueueNames.Score), ResultJson.Default.FailedMessage)?.Body
        );
    }

    [Theory]
    [InlineData(true, "7")]
    [InlineData(false, "SN-1")]
    public async Task A_failed_result_names_the_part_of_its_image(bool metadata, string part)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("""{ "c": { "part": "^(?<part>SN-[0-9]+)" } }""");
        string etag = await pipeline.UploadAsync("c/SN-1.png", TestPipeline.Picture());
        if (metadata)
            etag = await pipeline.TouchAsync("c/SN-1.png", part);

        await pipeline.Failures.RecordAsync(
            QueueNames.Score,
            JsonSerializer.Serialize(TestPipeline.Request("c/SN-1.png", etag), MessageJson.Default.ScoreRequested),
            Cancellation
        );

        Assert.Equal(part, (await pipeline.Results.LatestAsync(pipeline.Models.OwnId, "c/SN-1.png", Cancellation))?.Image.Part);
    }

    [Fact]
    public async Task A_stored_result_is_never_replaced_by_a_failure()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        ScoreRequested request = TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", TestPipeline.Picture()));
        await pipeline.ScoreAsync(request);

        await pipeline.Failures.RecordAsync(
            QueueNames.ScoreBulk,
            JsonSerializer.Serialize(request, MessageJson.Default.ScoreRequested),
            Cancellation
        );

        Assert.Null((await pipeline.Results.LatestAsync(pipeline.Models.OwnId, "c/a.png", Cancellation))?.Failure);
        Assert.Contains("c/a.png", await RecordAsync(pipeline, QueueNames.ScoreBulk), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_given_up_on_becomes_a_failed_result_of_its_camera()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("""{ "c": { "class": "screw" } }""");
        BlobCreated upload = new()
        {
            Id = "1",
            Container = "images",
            Name = "c/a.png",
            ETag = "0x1",
            Bytes = 1,
            Time = DateTimeOffset.UtcNow,
        };

        await pipeline.Failures.RecordAsync(
            QueueNames.Uploads,
            JsonSerializer.Serialize(upload, MessageJson.Default.BlobCreated),
            Cancellation
        );

        ResultDocument? result = await pipeline.Results.LatestAsync(pipeline.Models.OwnId, "c/a.png", Cancellation);
        Assert.Equal(("given-up", "screw", "c"), (result?.Failure?.Code, result?.Image.ObjectClass, result?.Image.Camera));
    }

    [Fact]
    public async Task An_upload_that_names_no_version_leaves_a_record_alone()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        BlobCreated upload = new()
        {
            Id = "1",
            Container = "images",
            Name = "c/a.png",
            ETag = "",
            Bytes = 1,
            Time = DateTimeOffset.UtcNow,
        };

        await pipeline.Failures.RecordAsync(
            QueueNames.Uploads,
            JsonSerializer.Serialize(upload, MessageJson.Default.BlobCreated),
            Cancellation
        );

        Assert.Contains("\"image\":\"c/a.png\"", await RecordAsync(pipeline, QueueNames.Uploads), StringComparison.Ordinal);
        Assert.Single(await pipeline.NamesAsync(ContainerNames.Results));
    }

    [Fact]
    public async Task A_step_given_up_on_fails_its_job()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        RescoreRequest request = new() { Id = "j", Model = pipeline.Models.OwnId };
        await pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation);

        await pipeline.Failures.RecordAsync(
            QueueNames.Rescore,
            JsonSerializer.Serialize(new RescoreStep { Job = "j", Step = 3 }, MessageJson.Default.RescoreStep),
            Cancellation
        );

        Job failed = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal(JobStatus.Failed, failed.Status);
        Assert.StartsWith("Every attempt to run step 3 failed", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alert_given_up_on_leaves_a_record_and_the_result_as_it_is()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", TestPipeline.Picture())));
        Scored scored = Assert.Single(await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored));

        await pipeline.Failures.RecordAsync(QueueNames.Scored, JsonSerializer.Serialize(scored, MessageJson.Default.Scored), Cancellation);

        Assert.Contains("\"image\":\"c/a.png\"", await RecordAsync(pipeline, QueueNames.Scored), StringComparison.Ordinal);
        Assert.Null((await pipeline.Results.LatestAsync(pipeline.Models.OwnId, "c/a.png", Cancellation))?.Failure);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData(
        """
            { "schemaVersion": 99, "image": "c/a.png", "etag": "0x1", "camera": "c", "objectClass": "x", 
              "enqueuedAt": "2026-01-31T08:00:00Z" }
            """
    )]
    [InlineData("""{ "image": "", "etag": "0x1", "camera": "c", "objectClass": "x", "enqueuedAt": "2026-01-31T08:00:00Z" }""")]
    [InlineData("\0\uFFFD\uD800")]
    public async Task Whatever_the_message_is_it_leaves_one_record_for_each_queue(string message)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        await pipeline.Failures.RecordAsync(QueueNames.Uploads, message, Cancellation);
        await pipeline.Failures.RecordAsync(QueueNames.Score, message, Cancellation);
        await pipeline.Failures.RecordAsync(QueueNames.ScoreBulk, message, Cancellation);
        await pipeline.Failures.RecordAsync(QueueNames.Scored, message, Cancellation);
        await pipeline.Failures.RecordAsync(QueueNames.Scored, message, Cancellation);

        List<string> names = await pipeline.NamesAsync(ContainerNames.Results);
        Assert.Equal(
            ["failed/score-bulk", "failed/score", "failed/scored", "failed/uploads"],
            names.Select(n => n[..n.LastIndexOf('/')]).OrderBy(n => n.Length == 17 ? 0 : 1).ThenBy(n => n, StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Without_a_readable_model_the_message_is_kept_as_a_record()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: "/nowhere/model");

        await pipeline.Failures.RecordAsync(
            QueueNames.Score,
            JsonSerializer.Serialize(TestPipeline.Request("c/a.png", "0x1"), MessageJson.Default.ScoreRequested),
            Cancellation
        );

        Assert.Contains("\"image\":\"c/a.png\"", await RecordAsync(pipeline, QueueNames.Score), StringComparison.Ordinal);
    }

    private static async Task<string> RecordAsync(TestPipeline pipeline, string queue)
    {
        string name = Assert.Single(
            await pipeline.NamesAsync(ContainerNames.Results),
            n => n.StartsWith($"failed/{queue}/", StringComparison.Ordinal)
        );
        return Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Results, name));
    }
}
