using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Tests.Jobs;

/// <summary>Jobs, step by step, with a worker that is this test.</summary>
public sealed class JobRunnerTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_job_accounts_for_each_image_once_and_reports()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(7);

        Job job = await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = better,
                PageSize = 3,
                InFlight = 3,
            },
            pipeline.Models.OwnId,
            Cancellation
        );
        await pipeline.WorkAsync();

        job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 7L, 7L, 3), (job.Status, job.Images, job.Found.Images, job.Collected));
        Assert.Equal(7, (await pipeline.NamesAsync(ContainerNames.Results)).Count(n => n.StartsWith(better, StringComparison.Ordinal)));
        Assert.All(
            (await pipeline.NamesAsync(ContainerNames.Results)).Where(n => n.StartsWith(better, StringComparison.Ordinal)),
            n => Assert.Equal("j", pipeline.Result(n).Job)
        );
        Assert.Equal(7, job.Found.Of("normal", "anomalous"));
        Assert.Equal(0, job.Found.Agreement);
        JobReport report = JsonSerializer.Deserialize(
            await pipeline.ReadAsync(ContainerNames.Jobs, "j/report.json"),
            JobJson.Default.JobReport
        )!;
        Assert.Equal(7, report.Flips.Select(f => f.Image).Distinct().Count());
        Assert.Empty(
            SchemaCheck.Faults(
                SchemaCheck.Load("jobs.schema.json", "report"),
                Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/report.json"))
            )
        );
        string html = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/report.html"));
        Assert.Contains("7 images, 7 changed their verdict", html, StringComparison.Ordinal);
        Assert.Contains("data:image/jpeg;base64,", html, StringComparison.Ordinal);
        Assert.Contains("0.0 % agreement", html, StringComparison.Ordinal);
        Assert.Contains(
            $"https://review.example/compare?a={Uri.EscapeDataString(job.Request.Against!)}&b={Uri.EscapeDataString(better)}",
            System.Net.WebUtility.HtmlDecode(html),
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"{ContainerNames.Results}/{new ImageVersion(report.Flips[0].Image, report.Flips[0].ETag).Result(better)}",
            Uri.UnescapeDataString(System.Net.WebUtility.HtmlDecode(html)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task No_more_images_are_in_flight_than_asked_for()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        for (int i = 0; i < 12; i++)
            await pipeline.UploadAsync($"c/{i}.png", TestPipeline.Picture(i));

        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = better,
                PageSize = 2,
                InFlight = 5,
            },
            pipeline.Models.OwnId,
            Cancellation
        );
        await pipeline.WorkAsync(score: false);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((true, 12L, 2), (job.ListedAll, job.Images, job.Sent)); // all is listed, two pages are sent
        Assert.Equal(4, (await pipeline.MessagesAsync(QueueNames.ScoreBulk, MessageJson.Default.ScoreRequested)).Count);
    }

    [Fact]
    public async Task An_image_whose_metadata_changed_during_a_job_counts_with_its_score()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(2);
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(score: false);
        await pipeline.TouchAsync("c/0.png");
        await pipeline.WorkAsync();

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 2L), (job.Status, job.Found.Of("normal", "anomalous")));
    }

    [Fact]
    public async Task Pausing_drops_what_waits_and_resuming_sends_it_again()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(5);
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
        await pipeline.WorkAsync(score: false);

        await pipeline.Jobs.PauseAsync("j", Cancellation);
        await pipeline.WorkAsync();
        Job paused = await pipeline.Jobs.FindAsync("j", Cancellation);
        int scored = (await pipeline.NamesAsync(ContainerNames.Results)).Count(n => n.StartsWith(better, StringComparison.Ordinal));
        await pipeline.Jobs.ResumeAsync("j", Cancellation);
        await pipeline.WorkAsync();

        Assert.Equal((JobStatus.Paused, 0), (paused.Status, scored));
        Assert.Equal(
            (JobStatus.Done, 5L),
            ((await pipeline.Jobs.FindAsync("j", Cancellation)).Status, (await pipeline.Jobs.FindAsync("j", Cancellation)).Found.Images)
        );
    }

    [Fact]
    public async Task The_live_model_scores_what_it_has_not_or_what_had_failed()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.ScoreAllAsync(1);
        ResultDocument good = pipeline.Result((await pipeline.NamesAsync(ContainerNames.Results)).Single());
        string etag = await pipeline.UploadAsync("c/failed.png", TestPipeline.Picture(5)),
            broken = await pipeline.UploadAsync("c/broken.png", [1, 2, 3]);
        await pipeline.UploadAsync("c/new.png", TestPipeline.Picture(6));
        foreach (
            ScoreRequested request in (ScoreRequested[])
                [TestPipeline.Request("c/failed.png", etag), TestPipeline.Request("c/broken.png", broken)]
        )
            await pipeline.Failures.RecordAsync(
                QueueNames.Score,
                JsonSerializer.Serialize(request, MessageJson.Default.ScoreRequested),
                Cancellation
            );

        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = pipeline.Models.OwnId }, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync();

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal(JobStatus.Done, job.Status);
        Assert.Equal(
            (1, 1, 1, 1),
            (
                job.Found.Of("normal", "normal"),
                job.Found.Of("failed", "normal"),
                job.Found.Of("failed", "failed"),
                job.Found.Of("none", "normal")
            )
        );
        // Stands
        Assert.Equal(
            good.ScoredAt,
            pipeline.Result(new ImageVersion("c/0.png", good.Image.RequiredETag).Result(pipeline.Models.OwnId)).ScoredAt
        );
        Assert.Equal("j", pipeline.Result(new ImageVersion("c/broken.png", broken).Result(pipeline.Models.OwnId)).Job);
    }

    [Fact]
    public async Task An_image_that_a_job_gives_up_on_is_accounted_for_also_where_it_had_failed_before()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        await pipeline.Failures.RecordAsync(
            QueueNames.Score,
            JsonSerializer.Serialize(TestPipeline.Request("c/a.png", etag), MessageJson.Default.ScoreRequested),
            Cancellation
        );
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = pipeline.Models.OwnId }, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(score: false);

        QueueMessage message = await pipeline.Storage.Queue(QueueNames.ScoreBulk).ReceiveMessageAsync(cancellationToken: Cancellation);
        await pipeline.Storage.Queue(QueueNames.ScoreBulk).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
        await pipeline.Failures.RecordAsync(QueueNames.ScoreBulk, message.Body.ToString(), Cancellation); // as the host does
        await pipeline.WorkAsync(score: false);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 1L), (job.Status, job.Found.Of("failed", "failed")));
    }

    [Fact]
    public async Task Messages_that_are_lost_are_sent_again()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(3);
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(score: false);

        await pipeline.Storage.Queue(QueueNames.ScoreBulk).ClearMessagesAsync(Cancellation);
        await pipeline.WorkAsync(patience: 6);

        Assert.Equal(JobStatus.Done, (await pipeline.Jobs.FindAsync("j", Cancellation)).Status);
    }

    [Fact]
    public async Task Images_that_change_under_way_are_accounted_for()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(3);
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(score: false);

        await pipeline.UploadAsync("c/0.png", TestPipeline.Picture(77));
        await pipeline.Storage.Container(ContainerNames.Images).GetBlobClient("c/1.png").DeleteAsync(cancellationToken: Cancellation);
        await pipeline.WorkAsync();

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal(
            (JobStatus.Done, 3L, 1L, 1L, 1L),
            (
                job.Status,
                job.Found.Images,
                job.Found.Of("normal", "overwritten"),
                job.Found.Of("normal", "failed") + job.Found.Of("normal", "deleted"),
                job.Found.Of("normal", "anomalous")
            )
        );
    }

    [Fact]
    public async Task A_step_whose_message_comes_twice_or_late_changes_nothing()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(4);
        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = better,
                PageSize = 1,
            },
            pipeline.Models.OwnId,
            Cancellation
        );

        await pipeline.WorkAsync(twice: true);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 4L, 4L, 4L), (job.Status, job.Images, job.Found.Images, job.Found.Counts.Values.Sum()));
    }

    [Fact]
    public async Task Only_chosen_images_are_scored_again()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        foreach (string name in (string[])["a/x/1.png", "a/y/2.png", "b/x/3.png", "4.png", "ab/5.png"])
            await pipeline.ScoreAsync(TestPipeline.Request(name, await pipeline.UploadAsync(name, TestPipeline.Picture(name.Length))));

        async Task<string[]> Chosen(RescoreRequest request)
        {
            string id = Guid.NewGuid().ToString("N");
            await pipeline.Jobs.StartAsync(
                request with
                {
                    Id = id,
                    Mode = RescoreMode.Compare,
                    Model = better,
                },
                pipeline.Models.OwnId,
                Cancellation
            );
            await pipeline.WorkAsync();
            List<string> names = [];
            for (int page = 0; await pipeline.Store.PageAsync(id, page, Cancellation) is { } found; page++)
                names.AddRange(found.Images.Select(i => i.Name));
            return [.. names.Order(StringComparer.Ordinal)];
        }

        RescoreRequest all = new() { Model = better };
        Assert.Equal((string[])["4.png", "a/x/1.png", "a/y/2.png", "ab/5.png", "b/x/3.png"], await Chosen(all));
        Assert.Equal((string[])["a/x/1.png", "a/y/2.png"], await Chosen(all with { Cameras = ["a"] }));
        Assert.Equal((string[])["a/x/1.png", "a/y/2.png", "b/x/3.png"], await Chosen(all with { Cameras = ["b", "a"], PageSize = 1 }));
        Assert.Equal((string[])["4.png", "b/x/3.png"], await Chosen(all with { Cameras = ["default", "b"] }));
        Assert.Equal((string[])["a/x/1.png"], await Chosen(all with { Prefix = "a/x" }));
        Assert.Equal((string[])["a/x/1.png"], await Chosen(all with { Prefix = "a/x", Cameras = ["a", "b"] }));
        Assert.Equal((string[])[], await Chosen(all with { Prefix = "zz", Cameras = ["a"] }));
        Assert.Equal((string[])[], await Chosen(all with { Verdicts = [Verdict.Failed] }));
        Assert.Equal((string[])[], await Chosen(all with { To = DateTimeOffset.UtcNow.AddDays(-1) }));
        Assert.Equal(5, (await Chosen(all with { From = DateTimeOffset.UtcNow.AddDays(-1), Verdicts = [Verdict.Normal] })).Length);
    }

    [Fact]
    public async Task Who_starts_a_job_need_not_know_which_model_is_live()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string better = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(1);

        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, live: null, Cancellation);
        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "own",
                Model = pipeline.Models.OwnId,
                Mode = RescoreMode.Threshold,
            },
            live: null,
            Cancellation
        );
        await pipeline.WorkAsync();
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, live: null, Cancellation); // the same

        Assert.Equal(
            (pipeline.Models.OwnId, JobStatus.Done),
            ((await pipeline.Jobs.FindAsync("j", Cancellation)).Request.Against, (await pipeline.Jobs.FindAsync("j", Cancellation)).Status)
        );
        Assert.Equal(JobStatus.Done, (await pipeline.Jobs.FindAsync("own", Cancellation)).Status);
    }

    [Fact]
    public async Task A_step_is_sent_anew_where_who_took_it_sent_no_next_one_and_one_long_taken_sends_nothing()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        RescoreRequest request = new()
        {
            Id = "j",
            Model = pipeline.Models.OwnId,
            Mode = RescoreMode.Threshold,
        };
        await pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation);
        for (int step = 0; step < 2; step++)
            await pipeline.Runner.RunAsync(new RescoreStep { Job = "j", Step = step }, Cancellation);
        await pipeline.Store.ChangeAsync("j", j => j with { UpdatedAt = j.UpdatedAt.AddMinutes(-1) }, Cancellation);
        Job before = await pipeline.Jobs.FindAsync("j", Cancellation);

        await pipeline.Storage.Queue(QueueNames.Rescore).ClearMessagesAsync(Cancellation);
        await pipeline.Runner.RunAsync(new RescoreStep { Job = "j", Step = 0 }, Cancellation);
        List<RescoreStep> late = await pipeline.MessagesAsync(QueueNames.Rescore, MessageJson.Default.RescoreStep);
        await pipeline.Runner.RunAsync(new RescoreStep { Job = "j", Step = 1 }, Cancellation);
        List<RescoreStep> last = await pipeline.MessagesAsync(QueueNames.Rescore, MessageJson.Default.RescoreStep);

        Assert.Equal(2, before.Step);
        Assert.Equal(2, (await pipeline.Jobs.FindAsync("j", Cancellation)).Step);
        Assert.Empty(late);
        Assert.Equal([2], last.Select(s => s.Step));
    }
}
