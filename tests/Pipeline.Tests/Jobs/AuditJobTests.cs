using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Tests.Jobs;

/// <summary>An audit from the upload to its report.</summary>
public sealed class AuditJobTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_audit_measures_each_normal_image_once_reports_and_changes_nothing_else()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.SetCamerasAsync("""{ "c": { "class": "bottle" } }""");
        await pipeline.ScoreAllAsync(7);
        await pipeline.ScoreAsync(TestPipeline.Request("other/0.png", await pipeline.UploadAsync("other/0.png", TestPipeline.Picture())));
        List<string> results = await pipeline.NamesAsync(ContainerNames.Results);
        int scored = (await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)).Count;

        await pipeline.Jobs.StartAsync(Request(pipeline), pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(twice: true);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 7L, 7L), (job.Status, job.Images, job.Found.Of("normal", "audited")));
        Assert.Equal(results, await pipeline.NamesAsync(ContainerNames.Results));
        Assert.Equal(scored, (await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)).Count);
        string json = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/report.json"));
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("jobs.schema.json", "report"), json));
        AuditReport audit = JsonSerializer.Deserialize(json, JobJson.Default.JobReport)!.Audit!; // it is an audit
        List<AuditedImage> all = await pipeline.Audits.PagesAsync("j", Cancellation).ToListAsync(Cancellation);
        Assert.Equal((7, 7), (audit.Images, all.Select(i => i.Image).Distinct().Count()));
        AuditFinding first = audit.Flagged[0]; // the largest rise is above all of the other half
        Assert.Equal(
            pipeline.Result(first.Audited.Version.Result(pipeline.Models.OwnId)).Score.Raw!.Value, // it was scored
            first.Audited.Rises!.Raw,
            6
        );
        string html = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/report.html"));
        Assert.Contains($"7 images measured, {audit.FlaggedImages} flagged", html, StringComparison.Ordinal);
        Assert.Contains("data:image/jpeg;base64,", html, StringComparison.Ordinal);
        Assert.Contains(first.Audited.Image, html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_that_are_gone_changed_or_given_up_are_counted_and_too_few_are_an_error()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.ScoreAllAsync(7);
        await pipeline.Jobs.StartAsync(Request(pipeline) with { PageSize = 100 }, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(score: false);
        await pipeline.UploadAsync("c/0.png", TestPipeline.Picture(50));
        await pipeline.Storage.Container(ContainerNames.Images).GetBlobClient("c/1.png").DeleteAsync(cancellationToken: Cancellation);
        QueueMessage[] waiting = await pipeline
            .Storage.Queue(QueueNames.ScoreBulk)
            .ReceiveMessagesAsync(32, cancellationToken: Cancellation);
        QueueMessage poison = waiting.Single(m => m.Body.ToString().Contains("c/2.png", StringComparison.Ordinal));
        await pipeline.Failures.RecordAsync(QueueNames.ScoreBulk, poison.Body.ToString(), Cancellation);
        await pipeline.Storage.Queue(QueueNames.ScoreBulk).DeleteMessageAsync(poison.MessageId, poison.PopReceipt, Cancellation);
        foreach (QueueMessage message in waiting.Except([poison]))
            await pipeline
                .Storage.Queue(QueueNames.ScoreBulk)
                .UpdateMessageAsync(
                    message.MessageId,
                    message.PopReceipt,
                    visibilityTimeout: TimeSpan.Zero,
                    cancellationToken: Cancellation
                );

        await pipeline.WorkAsync();

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal(7, waiting.Length);
        Assert.Equal(
            (1L, 1L, 1L, 4L),
            (
                job.Found.Of("normal", "overwritten"),
                job.Found.Of("normal", "deleted"),
                job.Found.Of("normal", "failed"),
                job.Found.Of("normal", "audited")
            )
        );
        Assert.Equal(
            (
                JobStatus.Failed,
                "The audit has 4 images, but to flag at most 50 % of normal ones it needs 6: take a longer time, a larger share, or more "
                    + "false flags."
            ),
            (job.Status, job.Reason)
        );
        ImageVersion kept = JsonSerializer.Deserialize(poison.Body.ToString(), MessageJson.Default.ScoreRequested) is { } r
            ? new(r.Image, r.ETag)
            : default;
        Assert.Equal(Verdict.Normal, pipeline.Result(kept.Result(pipeline.Models.OwnId)).Score.Verdict); // no failed result
    }

    [Fact]
    public async Task An_audit_of_too_few_images_fails_before_it_scores()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.ScoreAllAsync(3);

        await pipeline.Jobs.StartAsync(Request(pipeline) with { FalseFlags = null, PageSize = 100 }, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync();

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.StartsWith(
            "The audit has 3 images, but to flag at most 4 % of normal ones it needs 98",
            job.Reason,
            StringComparison.Ordinal
        );
        Assert.Empty(await pipeline.MessagesAsync(QueueNames.ScoreBulk, MessageJson.Default.ScoreRequested));
    }

    [Fact]
    public async Task A_share_takes_some_images_and_always_the_same()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.ScoreAllAsync(12);
        List<string[]> taken = [];
        foreach (string id in (string[])["a", "b"])
        {
            await pipeline.Jobs.StartAsync(
                Request(pipeline) with
                {
                    Id = id,
                    Share = 0.5,
                    FalseFlags = 0.9,
                },
                pipeline.Models.OwnId,
                Cancellation
            );
            await pipeline.WorkAsync(score: false);
            JobPage[] pages = [.. Enumerable.Range(0, 4).Select(i => pipeline.Store.PageAsync(id, i, Cancellation).Result!)]; // listed
            taken.Add([.. pages.SelectMany(p => p.Images).Select(i => i.Name)]);
        }

        Assert.InRange(taken[0].Length, 1, 11);
        Assert.Equal(taken[0], taken[1]);
    }

    [Theory]
    [InlineData("""{ "model": "m@1", "mode": "audit" }""", "Mode audit compares images of one camera: name it in cameras.")]
    [InlineData(
        """{ "model": "m@1", "mode": "audit", "cameras": ["c"], "against": "n@1" }""",
        "Mode audit looks at the results of m@1 itself: leave out against."
    )]
    [InlineData(
        """{ "model": "m@1", "mode": "audit", "cameras": ["c"], "verdicts": ["failed"] }""",
        "Mode audit looks at normal images alone: leave out verdicts."
    )]
    [InlineData("""{ "model": "m@1", "mode": "audit", "cameras": ["c"], "share": 0 }""", "share is 0, expected a number above 0")]
    [InlineData("""{ "model": "m@1", "mode": "audit", "cameras": ["c"], "falseFlags": 1 }""", "falseFlags is 1, expected a number from")]
    [InlineData("""{ "model": "m@1", "share": 0.5 }""", "share and falseFlags are for mode audit: leave them out.")]
    public async Task A_request_that_makes_no_sense_is_refused(string request, string expected)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() =>
            pipeline.Jobs.StartAsync(RescoreRequest.Parse(Encoding.UTF8.GetBytes(request)), "live@1", Cancellation)
        );

        Assert.StartsWith(expected, e.Message, StringComparison.Ordinal);
    }

    private static RescoreRequest Request(TestPipeline pipeline) =>
        new()
        {
            Id = "j",
            Model = pipeline.Models.OwnId,
            Mode = RescoreMode.Audit,
            Cameras = ["c"],
            Share = 1,
            FalseFlags = 0.5,
            PageSize = 3,
        };
}
