using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Functions.Tests;

/// <summary>Rescoring jobs, step by step, with a worker that is this test.</summary>
public sealed class RescoreTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_job_accounts_for_each_image_once_and_reports()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation); // everything is anomalous
        await ScoreAllAsync(pipeline, 7);

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
        await WorkAsync(pipeline);

        job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 7L, 7L, 3), (job.Status, job.Images, job.Found.Images, job.Collected));
        Assert.Equal(7, (await pipeline.NamesAsync(ContainerNames.Results)).Count(n => n.StartsWith(better, StringComparison.Ordinal)));
        Assert.All(
            (await pipeline.NamesAsync(ContainerNames.Results)).Where(n => n.StartsWith(better, StringComparison.Ordinal)),
            n => Assert.Equal("j", Result(pipeline, n).Job)
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
                System.Text.Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/report.json"))
            )
        );
        string html = System.Text.Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/report.html"));
        Assert.Contains("7 images, 7 changed their verdict", html, StringComparison.Ordinal);
        Assert.Contains("data:image/jpeg;base64,", html, StringComparison.Ordinal);
        Assert.Contains("0.0 % agreement", html, StringComparison.Ordinal);
        Assert.Contains(
            $"{ContainerNames.Results}/{new ImageVersion(report.Flips[0].Image, report.Flips[0].ETag).Result(better)}",
            Uri.UnescapeDataString(System.Net.WebUtility.HtmlDecode(html)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_job_tells_no_alert_rule_of_its_images()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 2);
        int before = (await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)).Count;

        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await WorkAsync(pipeline);

        Assert.Equal((2, 2), (before, (await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)).Count));
    }

    [Fact]
    public async Task No_more_images_are_in_flight_than_asked_for()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
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
        await WorkAsync(pipeline, score: false);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((true, 12L, 2), (job.ListedAll, job.Images, job.Sent)); // all is listed, two pages are sent
        Assert.Equal(4, (await pipeline.MessagesAsync(QueueNames.ScoreBulk, MessageJson.Default.ScoreRequested)).Count);
    }

    [Fact]
    public async Task A_job_that_lost_its_step_gets_it_again_and_one_that_has_it_gets_no_second()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 3);
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
        await WorkAsync(pipeline);

        Assert.Equal((0, 1, 0), (early.Count, late.Count, again.Count));
        Assert.Equal(
            (JobStatus.Done, 3L),
            ((await pipeline.Jobs.FindAsync("j", Cancellation)).Status, (await pipeline.Jobs.FindAsync("j", Cancellation)).Found.Images)
        );
    }

    [Fact]
    public async Task What_a_newer_program_has_added_to_a_job_is_kept()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = pipeline.Models.OwnId,
                Mode = RescoreMode.Threshold,
            },
            pipeline.Models.OwnId,
            Cancellation
        );
        string json = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/state.json"));
        string newer = json.Replace("{\"schemaVersion\":1,", "{\"schemaVersion\":1,\"colour\":\"red\",", StringComparison.Ordinal)
            .Replace("\"request\":{", "\"request\":{\"tint\":[1],", StringComparison.Ordinal);
        await pipeline
            .Storage.Container(ContainerNames.Jobs)
            .GetBlobClient("j/state.json")
            .UploadAsync(BinaryData.FromString(newer), overwrite: true, Cancellation);

        await pipeline.Jobs.PauseAsync("j", Cancellation);
        string after = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/state.json"));

        Assert.NotEqual(json, newer);
        Assert.Contains("\"paused\"", after, StringComparison.Ordinal);
        Assert.Contains("\"colour\":\"red\"", after, StringComparison.Ordinal);
        Assert.Contains("\"tint\":[1]", after, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_whose_metadata_changed_during_a_job_counts_with_its_score()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 2);
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await WorkAsync(pipeline, score: false);
        await pipeline.TouchAsync("c/0.png");
        await WorkAsync(pipeline);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 2L), (job.Status, job.Found.Of("normal", "anomalous")));
    }

    [Fact]
    public async Task Pausing_drops_what_waits_and_resuming_sends_it_again()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 5);
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
        await WorkAsync(pipeline, score: false);

        await pipeline.Jobs.PauseAsync("j", Cancellation);
        await WorkAsync(pipeline);
        Job paused = await pipeline.Jobs.FindAsync("j", Cancellation);
        int scored = (await pipeline.NamesAsync(ContainerNames.Results)).Count(n => n.StartsWith(better, StringComparison.Ordinal));
        await pipeline.Jobs.ResumeAsync("j", Cancellation);
        await WorkAsync(pipeline);

        Assert.Equal((JobStatus.Paused, 0), (paused.Status, scored));
        Assert.Equal(
            (JobStatus.Done, 5L),
            ((await pipeline.Jobs.FindAsync("j", Cancellation)).Status, (await pipeline.Jobs.FindAsync("j", Cancellation)).Found.Images)
        );
    }

    [Fact]
    public async Task A_job_whose_model_cannot_be_loaded_fails_as_a_whole_and_goes_on_when_that_is_mended()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string folder = TinyPackage.Recalibrated(0.06 + Random.Shared.NextDouble() / 100),
            // A version of its own, which is in no cache of this machine
            better = await pipeline.Repository.PublishAsync(folder, cancellation: Cancellation);
        string blob = ModelId.Parse(better).Folder + "/" + ModelPackage.ImageGraph;
        byte[] graph = await pipeline.ReadAsync(ContainerNames.Models, blob);
        await pipeline
            .Storage.Container(ContainerNames.Models)
            .GetBlobClient(blob)
            .UploadAsync(BinaryData.FromString("damaged"), overwrite: true, Cancellation);
        await ScoreAllAsync(pipeline, 3);

        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await WorkAsync(pipeline);
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
        await WorkAsync(pipeline);

        Assert.Equal(JobStatus.Failed, failed.Status);
        Assert.Contains($"Model {better} cannot be loaded: ", failed.Reason!, StringComparison.Ordinal);
        Assert.Empty(results);
        Job done = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 3L), (done.Status, done.Found.Of("normal", "anomalous")));
    }

    [Fact]
    public async Task The_live_model_scores_what_it_has_not_or_what_had_failed()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        await ScoreAllAsync(pipeline, 1);
        ResultDocument good = Result(pipeline, (await pipeline.NamesAsync(ContainerNames.Results)).Single());
        string etag = await pipeline.UploadAsync("c/failed.png", TestPipeline.Picture(5)),
            broken = await pipeline.UploadAsync("c/broken.png", [1, 2, 3]);
        await pipeline.UploadAsync("c/new.png", TestPipeline.Picture(6));
        foreach (
            ScoreRequested request in (ScoreRequested[])
                [TestPipeline.Request("c/failed.png", etag), TestPipeline.Request("c/broken.png", broken)]
        )
            await pipeline.Failures.Score(JsonSerializer.Serialize(request, MessageJson.Default.ScoreRequested), Cancellation);

        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = pipeline.Models.OwnId }, pipeline.Models.OwnId, Cancellation);
        await WorkAsync(pipeline);

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
            Result(pipeline, new ImageVersion("c/0.png", good.Image.RequiredETag).Result(pipeline.Models.OwnId)).ScoredAt
        );
        Assert.Equal("j", Result(pipeline, new ImageVersion("c/broken.png", broken).Result(pipeline.Models.OwnId)).Job);
    }

    [Fact]
    public async Task An_image_that_a_job_gives_up_on_is_accounted_for_also_where_it_had_failed_before()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        await pipeline.Failures.Score(
            JsonSerializer.Serialize(TestPipeline.Request("c/a.png", etag), MessageJson.Default.ScoreRequested),
            Cancellation
        );
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = pipeline.Models.OwnId }, pipeline.Models.OwnId, Cancellation);
        await WorkAsync(pipeline, score: false);

        QueueMessage message = await pipeline.Storage.Queue(QueueNames.ScoreBulk).ReceiveMessageAsync(cancellationToken: Cancellation);
        await pipeline.Storage.Queue(QueueNames.ScoreBulk).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
        await pipeline.Failures.Bulk(message.Body.ToString(), Cancellation); // as the host does after five attempts
        await WorkAsync(pipeline, score: false);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 1L), (job.Status, job.Found.Of("failed", "failed")));
    }

    [Fact]
    public void Time_left_goes_by_the_pace_since_the_job_was_last_resumed()
    {
        DateTimeOffset noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        Job job = new()
        {
            Id = "j",
            Request = new RescoreRequest { Model = "a@1" },
            CreatedAt = noon,
            UpdatedAt = noon,
            Images = 100,
            ListedAll = true,
            Found = new Comparison { Images = 20 },
        };
        Job resumed = job with { ResumedAt = noon.AddDays(1), ResumedImages = 20 };

        Assert.Equal(TimeSpan.FromSeconds(40), job.Left(noon.AddSeconds(10)));
        Assert.Null(resumed.Left(noon.AddDays(1).AddSeconds(10)));
        Assert.Equal(
            TimeSpan.FromSeconds(60),
            (resumed with { Found = new Comparison { Images = 40 } }).Left(noon.AddDays(1).AddSeconds(20))
        );
        Assert.Null((job with { ListedAll = false }).Left(noon.AddSeconds(10)));
    }

    [Fact]
    public async Task A_cancelled_job_stays_so()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 2);
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);

        await pipeline.Jobs.CancelAsync("j", Cancellation);
        await WorkAsync(pipeline);

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
    public async Task Messages_that_are_lost_are_sent_again()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 3);
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await WorkAsync(pipeline, score: false);

        await pipeline.Storage.Queue(QueueNames.ScoreBulk).ClearMessagesAsync(Cancellation);
        await WorkAsync(pipeline, patience: 6);

        Assert.Equal(JobStatus.Done, (await pipeline.Jobs.FindAsync("j", Cancellation)).Status);
    }

    [Fact]
    public async Task Images_that_change_under_way_are_accounted_for()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 3);
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, pipeline.Models.OwnId, Cancellation);
        await WorkAsync(pipeline, score: false);

        await pipeline.UploadAsync("c/0.png", TestPipeline.Picture(77));
        await pipeline.Storage.Container(ContainerNames.Images).GetBlobClient("c/1.png").DeleteAsync(cancellationToken: Cancellation);
        await WorkAsync(pipeline);

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
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 4);
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

        await WorkAsync(pipeline, twice: true);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 4L, 4L, 4L), (job.Status, job.Images, job.Found.Images, job.Found.Counts.Values.Sum()));
    }

    [Fact]
    public async Task Only_chosen_images_are_scored_again()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
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
            await WorkAsync(pipeline);
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
    public async Task Threshold_mode_judges_stored_maps_by_the_new_calibration_and_runs_no_model()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string stricter = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 3);

        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = stricter,
                Mode = RescoreMode.Threshold,
            },
            pipeline.Models.OwnId,
            Cancellation
        );
        await WorkAsync(pipeline, score: false);
        string etag = (await pipeline.NamesAsync(ContainerNames.Results))
            .First(n => n.Contains("c/0.png", StringComparison.Ordinal))
            .Split('/')[^1][..^5];
        ResultDocument judged = Result(pipeline, new ImageVersion("c/0.png", etag).Result(stricter));
        await pipeline.ScoreAsync(TestPipeline.Request("c/0.png", etag, model: stricter)); // as the model itself would have it
        ResultDocument scored = Result(pipeline, new ImageVersion("c/0.png", etag).Result(stricter));

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
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string stricter = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 3);
        string[] maps = [.. await pipeline.NamesAsync(ContainerNames.Maps)];
        await pipeline.Storage.Container(ContainerNames.Maps).GetBlobClient(maps[0]).DeleteAsync(cancellationToken: Cancellation);
        await pipeline
            .Storage.Container(ContainerNames.Maps)
            .GetBlobClient(maps[1])
            .UploadAsync(BinaryData.FromString("no map"), overwrite: true, Cancellation);

        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = stricter,
                Mode = RescoreMode.Threshold,
            },
            pipeline.Models.OwnId,
            Cancellation
        );
        await WorkAsync(pipeline, score: false);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 2L, 1L), (job.Status, job.Found.Of("normal", "none"), job.Found.Of("normal", "anomalous")));
    }

    [Fact]
    public async Task Threshold_mode_takes_over_a_changed_profile_of_the_live_model()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        await ScoreAllAsync(pipeline, 2);
        await pipeline.SetCamerasAsync("""{ "c": { "class": "bottle", "threshold": 0.05 } }""");

        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = pipeline.Models.OwnId,
                Mode = RescoreMode.Threshold,
            },
            pipeline.Models.OwnId,
            Cancellation
        );
        await WorkAsync(pipeline, score: false);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 2L), (job.Status, job.Found.Of("normal", "anomalous")));
    }

    [Fact]
    public async Task Threshold_mode_with_other_weights_fails_with_what_to_do()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string other = await pipeline.Repository.PublishAsync(TinyPackage.Random(Precision.Int8), cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 1);

        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = other,
                Mode = RescoreMode.Threshold,
            },
            pipeline.Models.OwnId,
            Cancellation
        );
        await WorkAsync(pipeline, score: false);

        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Contains("use mode full", job.Reason!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_request_with_the_same_id_is_the_same_job()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
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

    [Fact]
    public async Task Who_starts_a_job_need_not_know_which_model_is_live()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await ScoreAllAsync(pipeline, 1);

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
        await WorkAsync(pipeline);
        await pipeline.Jobs.StartAsync(new RescoreRequest { Id = "j", Model = better }, live: null, Cancellation); // the same

        Assert.Equal(
            (pipeline.Models.OwnId, JobStatus.Done),
            ((await pipeline.Jobs.FindAsync("j", Cancellation)).Request.Against, (await pipeline.Jobs.FindAsync("j", Cancellation)).Status)
        );
        Assert.Equal(JobStatus.Done, (await pipeline.Jobs.FindAsync("own", Cancellation)).Status);
    }

    [Theory]
    [InlineData("none@1", null, "publish it")]
    [InlineData("nonsense", null, "expected name@version")]
    [InlineData("", "x/y", "is not valid: use up to 64 letters")]
    [InlineData("", "shadow", "choose another id")]
    public async Task A_request_that_makes_no_sense_is_refused(string model, string? id, string part)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);

        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() =>
            pipeline.Jobs.StartAsync(new RescoreRequest { Id = id, Model = model }, pipeline.Models.OwnId, Cancellation)
        );

        Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_promoted_model_takes_over_without_a_restart_and_every_result_names_its_own()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        ResultDocument? before = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        await pipeline.Choice.PromoteAsync(better, Cancellation);
        List<ResultDocument> during = [];
        for (int i = 0; i < 200 && during.LastOrDefault()?.Model.Version != ModelId.Parse(better).Version; i++)
            during.Add((await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag)))!);
        await pipeline.Choice.PromoteAsync(null, Cancellation);
        string back = await pipeline.Models.LiveIdAsync(Cancellation);

        Assert.Equal(pipeline.Models.OwnId, before!.Model.Id);
        Assert.Equal(Verdict.Anomalous, during[^1].Score.Verdict);
        Assert.All(during, d => Assert.Equal(d.Model.Id == better ? Verdict.Anomalous : Verdict.Normal, d.Score.Verdict));
        Assert.Equal(pipeline.Models.OwnId, back);
    }

    [Fact]
    public async Task A_shadow_scores_its_share_of_new_images_without_alerts()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string second = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        await pipeline.Choice.ShadowAsync(second, 0.5, Cancellation);

        await ScoreAllAsync(pipeline, 12);
        int asked = (await pipeline.MessagesAsync(QueueNames.ScoreBulk, MessageJson.Default.ScoreRequested)).Count;
        await WorkAsync(pipeline);
        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = second,
                Mode = RescoreMode.Compare,
            },
            pipeline.Models.OwnId,
            Cancellation
        );
        await WorkAsync(pipeline);

        Assert.InRange(asked, 1, 11);
        Assert.Equal(12, (await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)).Count);
        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((asked, 12 - asked), (job.Found.Of("normal", "anomalous"), job.Found.Of("normal", "none")));
    }

    [Fact]
    public async Task A_published_package_that_was_changed_is_refused()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string folder = TinyPackage.Random();
        string id = await pipeline.Repository.PublishAsync(folder, cancellation: Cancellation);
        string blob = ModelId.Parse(id).Folder + "/" + ModelPackage.ImageGraph;
        byte[] content = await pipeline.ReadAsync(ContainerNames.Models, blob);
        content[^1] ^= 1;
        await pipeline
            .Storage.Container(ContainerNames.Models)
            .GetBlobClient(blob)
            .UploadAsync(BinaryData.FromBytes(content), overwrite: true, Cancellation);

        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() => pipeline.Models.GetAsync(id, Cancellation));

        Assert.Contains("SHA-256", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_copy_of_a_model_is_fetched_again()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        string better = await pipeline.Repository.PublishAsync(AllAnomalous, cancellation: Cancellation);
        string folder = await pipeline.Repository.FetchAsync(better, cancellation: Cancellation);
        File.WriteAllBytes(Path.Combine(folder, ModelPackage.ImageGraph), [1, 2, 3]);

        using ModelLease lease = await pipeline.Models.GetAsync(better, Cancellation);

        Assert.Equal(better, lease.Model.Id);
    }

    [Fact]
    public async Task Who_cannot_read_which_model_is_live_guesses_none()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: AllNormal);
        await pipeline
            .Storage.Container(ContainerNames.Config)
            .GetBlobClient(ModelRolesStore.BlobName)
            .UploadAsync(BinaryData.FromString("{ \"schemaVersion\": 99 }"), overwrite: true, Cancellation);

        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() => pipeline.Models.LiveAsync(Cancellation));

        Assert.Contains("schemaVersion 99", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scores_and_verdicts_are_added_up()
    {
        Comparison found = new Comparison()
            .With([
                new Compared("a", "1", new Outcome("normal", 0), new Outcome("anomalous", 0.5)),
                new Compared("b", "1", new Outcome("anomalous", 1), new Outcome("anomalous", 0.99)),
                new Compared("c", "1", Outcome.None, new Outcome("normal", 0.2)),
            ])
            .With([new Compared("d", "1", new Outcome("normal", 0.06), new Outcome("normal", 0.04))]);

        Assert.Equal((4L, 3L, 1L, 3L), (found.Images, found.Pairs, found.Flips, found.Judged));
        Assert.Equal(2.0 / 3, found.Agreement!.Value, 12);
        Assert.Equal((0.5 + 0.01 + 0.02) / 3, found.MeanDifference!.Value, 12);
        Assert.Equal([(0, 1), (1, 1), (19, 1)], found.Old.Select((n, bin) => (bin, (int)n)).Where(b => b.Item2 > 0));
        Assert.Equal([(0, 1), (10, 1), (19, 1)], found.New.Select((n, bin) => (bin, (int)n)).Where(b => b.Item2 > 0));
    }

    // Two versions of the same weights.
    private static string AllNormal => TinyPackage.Recalibrated(0.95);

    private static string AllAnomalous => TinyPackage.Recalibrated(0.05);

    private static ResultDocument Result(TestPipeline pipeline, string name) =>
        pipeline.Results.ReadAsync(name, Cancellation).GetAwaiter().GetResult()!;

    private static async Task ScoreAllAsync(TestPipeline pipeline, int count)
    {
        for (int i = 0; i < count; i++)
            Assert.Equal(
                Verdict.Normal,
                (
                    await pipeline.ScoreAsync(
                        TestPipeline.Request($"c/{i}.png", await pipeline.UploadAsync($"c/{i}.png", TestPipeline.Picture(i)))
                    )
                )!
                    .Score
                    .Verdict
            );
    }

    // Until nothing moves any more: takes each step's message, and each image's.
    private static async Task WorkAsync(TestPipeline pipeline, bool score = true, bool twice = false, int patience = 3)
    {
        RunningJobs running = new(pipeline.Store, TimeProvider.System);
        ScoreBulk bulk = new(new BulkScoring(pipeline.Scoring, running, pipeline.Models, pipeline.Jobs));
        int moved = 0;
        for (int idle = 0; idle < patience; )
        {
            QueueMessage[] steps = await pipeline
                .Storage.Queue(QueueNames.Rescore)
                .ReceiveMessagesAsync(8, TimeSpan.FromMinutes(1), Cancellation);
            foreach (QueueMessage message in steps)
            {
                RescoreStep step = JsonSerializer.Deserialize(message.Body.ToString(), MessageJson.Default.RescoreStep)!;
                await Task.WhenAll(Enumerable.Range(0, twice ? 2 : 1).Select(_ => pipeline.Runner.RunAsync(step, Cancellation)));
                if (twice && step.Step > 2)
                    await pipeline.Runner.RunAsync(step with { Step = step.Step - 3 }, Cancellation); // late
                await pipeline.Storage.Queue(QueueNames.Rescore).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }

            QueueMessage[] images = score
                ? await pipeline.Storage.Queue(QueueNames.ScoreBulk).ReceiveMessagesAsync(32, TimeSpan.FromMinutes(1), Cancellation)
                : [];
            foreach (QueueMessage message in images)
            {
                await bulk.Run(JsonSerializer.Deserialize(message.Body.ToString(), MessageJson.Default.ScoreRequested)!, Cancellation);
                await pipeline.Storage.Queue(QueueNames.ScoreBulk).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }

            int now = 0;
            await foreach (Job job in pipeline.Store.ListAsync(Cancellation))
                now += job.Step;
            idle = images.Length > 0 || now != moved ? 0 : idle + 1;
            moved = now;
            if (steps.Length + images.Length == 0)
                await Task.Delay(500, Cancellation);
        }
    }
}
