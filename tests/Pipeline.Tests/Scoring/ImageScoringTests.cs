using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Jobs;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Tiles;
using AaClip.Tests;
using Azure.Core;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Tests.Scoring;

public sealed class ImageScoringTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_scored_image_has_a_valid_result_a_heatmap_a_map_and_one_message()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        string stem = $"{pipeline.Models.OwnId}/c/a.png/{etag}";
        Assert.Equal([stem + ".json"], await pipeline.NamesAsync(ContainerNames.Results));
        Assert.Equal([stem + ".jpg"], await pipeline.NamesAsync(ContainerNames.Heatmaps));
        Assert.Equal([stem + ".png"], await pipeline.NamesAsync(ContainerNames.Maps));
        string json = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Results, stem + ".json"));
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), json));
        Scored message = Assert.Single(await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored));
        Assert.Empty(await pipeline.MessagesAsync(QueueNames.ScoreBulk, MessageJson.Default.ScoreRequested));
        ResultDocument result = ResultDocument.Parse(Encoding.UTF8.GetBytes(json), "it");
        Assert.Equal(
            (stem + ".json", stem + ".jpg", etag, result.Score.Raw, result.Score.Verdict),
            (message.Result, message.Heatmap, message.ETag, message.Raw, message.Verdict)
        );
        Assert.Equal((160, 120), (result.Image.Width, result.Image.Height));
    }

    [Fact]
    public async Task The_score_is_the_scorers_and_the_map_keeps_it()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        byte[] picture = TestPipeline.Picture(seed: 5);
        string etag = await pipeline.UploadAsync("c/a.png", picture);
        using AnomalyScorer scorer = AnomalyScorer.Load(
            TinyPackage.Random(),
            new ScorerOptions { Provider = AaClip.Scoring.Sessions.Provider.Cpu, Threads = 1 }
        );
        ImageScore expected = scorer.Score(ImageDecoder.Decode(picture, "a").Image, "bottle", cancellation: Cancellation);

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        Assert.Equal((expected.Detection, expected.MapMax), (result?.Score.Detection, result?.Score.MapMax));
        Assert.NotNull(result?.Map);
        Assert.Equal((8, 112, Domain.Industrial), (result.Map.Side, result.Map.Size, result.Map.Domain));
        Assert.InRange(result.Map.Offset, expected.Map.Raw.ToArray().Min() - 1e-6f, expected.Map.Raw.ToArray().Min() + 1e-6f);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], (await pipeline.ReadAsync(ContainerNames.Maps, result.Map.Blob))[..4]);
    }

    [Fact]
    public async Task A_large_image_in_tiles_has_one_result_one_map_and_the_score_of_its_worst_tile()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("""{ "c": { "class": "bottle", "tiles": "200", "tileOverlap": 0.2 } }""");
        byte[] picture = TestPipeline.Picture(seed: 5, width: 640, height: 360);
        string etag = await pipeline.UploadAsync("c/a.png", picture);
        using AnomalyScorer scorer = AnomalyScorer.Load(
            TinyPackage.Random(),
            new ScorerOptions { Provider = AaClip.Scoring.Sessions.Provider.Cpu, Threads = 1 }
        );
        RgbImage image = ImageDecoder.Decode(picture, "a").Image;
        ImageScore expected = scorer.Score(
            scorer.Cut(image, new Tiling(0, 0, 200, 0.2))!,
            scorer.AnchorsOf("bottle"),
            Domain.Industrial,
            1,
            null,
            Cancellation
        );

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        string json = Encoding.UTF8.GetString(
            await pipeline.ReadAsync(ContainerNames.Results, $"{pipeline.Models.OwnId}/c/a.png/{etag}.json")
        );
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), json));
        Assert.Single(await pipeline.NamesAsync(ContainerNames.Maps));
        Assert.Single(await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored));
        Assert.Equal(8, result!.Tiles!.Count); // 4 x 2
        Assert.Equal(expected.Tiles, result.Tiles);
        Assert.Contains(result.Tiles, t => t.Detection is null); // the lower part of the picture is black
        Assert.Equal((expected.Map.Side, expected.Map.Size), (result.Map!.Side, result.Map.Size));
        Assert.Equal(result.Tiles[result.Score.Tile!.Value].Detection, result.Score.Detection);
    }

    [Fact]
    public async Task A_message_delivered_twice_writes_one_result()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        ScoreRequested request = TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", TestPipeline.Picture()));

        await Task.WhenAll(pipeline.ScoreAsync(request), pipeline.ScoreAsync(request));

        Assert.Single(await pipeline.NamesAsync(ContainerNames.Results));
        List<Scored> messages = await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored);
        Assert.Equal(2, messages.Count);
        Assert.Equal(messages[0], messages[1]); // the second waited for the first, and found its result
    }

    [Theory]
    [InlineData("SN-1_a.png", null, "SN-1")]
    [InlineData("SN-1_a.png", "L%207", "L 7")] // metadata are used before the name
    [InlineData("SN-1_a.png", "%20", "SN-1")]
    [InlineData("a.png", null, null)]
    [InlineData("SN-1_a.png", "{129}", "SN-1")] // not valid, so it is left out
    [InlineData("SN-1_a.png", "a%0Ab", "SN-1")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!.png", null, null)] // the expression is given up on
    public async Task The_part_of_an_image_comes_from_its_metadata_or_its_name(string name, string? metadata, string? part)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("""{ "c": { "class": "bottle", "part": "^day/(?:(?<part>SN-[0-9]+)_|(?:a+)+$)" } }""");
        string etag = await pipeline.UploadAsync("c/day/" + name, TestPipeline.Picture());
        if (metadata is not null)
            etag = await pipeline.TouchAsync("c/day/" + name, metadata == "{129}" ? new string('x', 129) : metadata);

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/day/" + name, etag));

        Assert.Equal(part, result?.Image.Part);
        Assert.Equal(part, Assert.Single(await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)).Part);
        ResultRow row = Assert.Single(
            await pipeline.Results.Index.QueryAsync(new ResultQuery { Camera = "c", Part = part }, Cancellation).ToListAsync(Cancellation)
        );
        Assert.Equal(part, row.Part);
    }

    [Fact]
    public async Task An_image_that_is_gone_has_the_part_of_its_name()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("""{ "c": { "part": "(?<part>SN-[0-9]+)" } }""");

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/SN-7.png", "0x1"));

        Assert.Equal((Verdict.Failed, "SN-7"), (result?.Score.Verdict, result?.Image.Part));
    }

    [Theory]
    [InlineData("not an image", "unknown-format")]
    [InlineData("", "empty")]
    public async Task What_can_never_be_scored_has_a_failed_result_at_once(string content, string code)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync("c/a.png", Encoding.UTF8.GetBytes(content));

        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        await AssertFailedAsync(pipeline, code);
    }

    [Fact]
    public async Task A_frame_that_shows_nothing_fails_and_says_nothing_to_the_alert_rules()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync("c/a.png", ImageEncoder.Png(new RgbImage(200, 160, new byte[3 * 200 * 160])));

        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        await AssertFailedAsync(pipeline, "blank", "shows nothing"); // and no message, which could close an alert
    }

    [Fact]
    public async Task A_large_image_has_a_heatmap_of_the_size_that_the_settings_say()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, new LimitsOptions { HeatmapSide = 64 });
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        Assert.NotNull(result?.Heatmap);
        RgbImage heatmap = ImageDecoder.Decode(await pipeline.ReadAsync(ContainerNames.Heatmaps, result.Heatmap), "heatmap").Image;
        Assert.Equal((64, 48), (heatmap.Width, heatmap.Height));
        Assert.Equal((160, 120), (result.Image.Width, result.Image.Height));
    }

    [Fact]
    public async Task A_damaged_image_fails_and_the_one_beside_it_does_not()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        byte[] picture = TestPipeline.Picture();
        ScoreRequested good = TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", picture));
        ScoreRequested bad = TestPipeline.Request("c/b.png", await pipeline.UploadAsync("c/b.png", picture[..^200]));

        ResultDocument?[] results = await Task.WhenAll(pipeline.ScoreAsync(good), pipeline.ScoreAsync(bad));

        Assert.Null(results[0]?.Failure);
        Assert.Equal("damaged", results[1]?.Failure?.Code);
    }

    [Fact]
    public async Task A_file_with_too_many_bytes_fails()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, new LimitsOptions { MaxBytes = 100 });
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        await AssertFailedAsync(pipeline, "too-many-bytes", "more than the limit of 100");
    }

    [Fact]
    public async Task An_image_with_too_many_pixels_fails()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, new LimitsOptions { MaxPixels = 100 });
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        await AssertFailedAsync(pipeline, "too-many-pixels");
    }

    [Fact]
    public async Task A_class_that_cannot_stand_in_a_prompt_fails()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag, objectClass: "MVTec/spoon"));

        await AssertFailedAsync(pipeline, "unknown-class", "its classes are");
    }

    [Fact]
    public async Task A_vanished_image_has_a_failed_result()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        await pipeline.ScoreAsync(TestPipeline.Request("c/gone.png", "0x1"));

        await AssertFailedAsync(pipeline, "missing", "deleted or moved");
    }

    [Fact]
    public async Task Of_an_overwritten_image_the_present_version_is_scored_and_filed_under_its_own_ETag()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string old = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(1));
        string current = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(2));

        ResultDocument? first = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", old));
        ResultDocument? late = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", old)); // delivered twice

        Assert.Equal(current, first?.Image.ETag);
        Assert.Equal(first?.ScoredAt, late?.ScoredAt); // not scored again
        Assert.Single(await pipeline.NamesAsync(ContainerNames.Results));
    }

    [Fact]
    public async Task A_result_of_the_version_before_does_not_keep_the_present_one_from_being_scored()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string old = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(1));
        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", old));
        string current = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(2));

        ResultDocument? again = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", old)), // the event is delivered twice
            own = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", current));

        Assert.Equal((old, current), (again?.Image.ETag, own?.Image.ETag));
        Assert.Equal(2, (await pipeline.NamesAsync(ContainerNames.Results)).Count);
    }

    [Fact]
    public async Task A_result_whose_row_was_not_written_gets_it_though_its_version_is_gone_too()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string first = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(1));
        string second = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(2));
        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", first)); // scores the second version
        ResultRow row = Assert.Single(await pipeline.Results.Index.QueryAsync(new ResultQuery(), Cancellation).ToListAsync(Cancellation));
        await pipeline.Results.Index.RemoveAsync(row, Cancellation); // as if the worker had ended before it wrote the row
        string third = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(3));

        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", first)); // delivered twice

        Assert.Equal(
            new[] { second, third }.Order(),
            await pipeline.Results.Index.QueryAsync(new ResultQuery(), Cancellation).Select(r => r.ETag).Order().ToListAsync(Cancellation)
        );
    }

    [Fact]
    public async Task A_failure_of_the_present_version_does_not_keep_it_from_being_scored()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string old = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(1)),
            current = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(2));
        await pipeline.Failures.RecordAsync(
            QueueNames.Score,
            JsonSerializer.Serialize(TestPipeline.Request("c/a.png", current), MessageJson.Default.ScoreRequested),
            Cancellation
        );

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", old));

        Assert.Equal((current, null), (result?.Image.ETag, result?.Failure));
        // In place of that of the failure
        ResultRow row = Assert.Single(await pipeline.Results.Index.QueryAsync(new ResultQuery(), Cancellation).ToListAsync(Cancellation));
        Assert.Equal((null, current), (row.Failure, row.ETag));
    }

    [Fact]
    public async Task Metadata_that_change_before_scoring_lose_no_image()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string old = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        string current = await pipeline.TouchAsync("c/a.png");

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", old));

        Assert.NotEqual(old, current);
        Assert.Equal((current, null), (result?.Image.ETag, result?.Failure));
    }

    [Fact]
    public async Task Metadata_that_change_after_scoring_make_no_second_result()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        ResultDocument? first = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));
        await pipeline.TouchAsync("c/a.png");

        ResultDocument? again = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag)); // the event is delivered twice

        Assert.Equal(first?.ScoredAt, again?.ScoredAt); // not scored again
        Assert.Single(await pipeline.NamesAsync(ContainerNames.Results));
        List<Scored> messages = await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored);
        Assert.Equal(2, messages.Count);
        Assert.Equal(messages[0], messages[1] with { EnqueuedAt = messages[0].EnqueuedAt });
    }

    [Fact]
    public async Task A_request_that_comes_again_after_its_result_finishes_what_is_left()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        ScoreRequested request = TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", TestPipeline.Picture()));
        ScoredImage first = await pipeline.Scoring.RunAsync(request, "test", urgent: true, Cancellation);
        await pipeline.Results.Index.RemoveAsync(ResultRow.Of(first.Result), Cancellation); // the worker died before step 8, and in step 7

        ScoredImage again = await pipeline.Scoring.RunAsync(request, "test", urgent: true, Cancellation);

        Assert.Equal(first.Scored, again.Scored);
        ResultRow row = Assert.Single(
            await pipeline.Results.Index.QueryAsync(new ResultQuery { Camera = "c" }, Cancellation).ToListAsync(Cancellation)
        );
        Assert.Equal(ResultRow.Of(first.Result), row);
    }

    [Fact]
    public async Task A_new_image_that_a_job_has_scored_is_scored_again_and_told()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        ScoreRequested request = TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", TestPipeline.Picture()));
        ScoredImage byJob = await pipeline.Scoring.RunAsync(request with { Job = "j1" }, "test", urgent: false, Cancellation);

        ScoredImage own = await pipeline.Scoring.RunAsync(request, "test", urgent: true, Cancellation);
        ScoredImage late = await pipeline.Scoring.RunAsync(request with { Job = "j1" }, "test", urgent: false, Cancellation);

        Assert.Equal(("j1", null), (byJob.Result.Job, byJob.Scored));
        Assert.Equal((null, null), (own.Result.Job, own.Scored?.Job));
        Assert.Equal((null, own.Result.ScoredAt), (late.Scored, late.Result.ScoredAt)); // the job takes the result that is there
    }

    [Fact]
    public async Task An_image_in_the_archive_has_a_failed_result_at_once_that_says_what_to_do()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        await pipeline
            .Storage.Container(ContainerNames.Images)
            .GetBlobClient("c/a.png")
            .SetAccessTierAsync(AccessTier.Archive, cancellationToken: Cancellation);

        await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        await AssertFailedAsync(pipeline, "archived", "hot or cool tier");
    }

    [Theory]
    [InlineData("/lead.png")]
    [InlineData("key/folder/")]
    [InlineData("key//two.png")]
    [InlineData("/")]
    [InlineData("key/task\U0001F48E.png")]
    [InlineData("key/fffe\uFFFE.png")]
    public async Task An_image_is_scored_under_its_own_name_whatever_it_is(string name)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync(name, TestPipeline.Picture());

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request(name, etag));

        Assert.Equal((name, null), (result?.Image.Name, result?.Failure?.Code));
        Assert.Equal(etag, (await pipeline.Results.LatestAsync(pipeline.Models.OwnId, name, Cancellation))?.Image.ETag);
    }

    [Theory]
    [InlineData(1000, 1)]
    [InlineData(200, 252)]
    [InlineData(1, 254)]
    [InlineData(1024, 0)]
    public async Task A_very_long_name_has_its_result_and_can_be_given_up_on(int longest, int folders)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string camera = new('\u00E4', Math.Max(1, longest / 9)),
            name = folders == 0 ? new string('x', longest) : $"{camera}/{string.Concat(Enumerable.Repeat("a/", folders - 1))}b";
        string etag = await pipeline.UploadAsync(name, TestPipeline.Picture());

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request(name, etag));
        await pipeline.Failures.RecordAsync(
            QueueNames.Score,
            JsonSerializer.Serialize(TestPipeline.Request(name, "0xOther"), MessageJson.Default.ScoreRequested),
            Cancellation
        );

        Assert.Equal((name, null), (result?.Image.Name, result?.Failure?.Code));
        List<ResultRow> all = await pipeline
            .Results.Index.QueryAsync(new ResultQuery { Model = pipeline.Models.OwnId }, Cancellation)
            .ToListAsync(Cancellation);
        Assert.Equal([null, "given-up"], all.Select(r => r.Failure).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_text_tower_that_fails_is_no_unknown_class()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: WithoutTextTower());
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        await Assert.ThrowsAsync<InfrastructureException>(() =>
            pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag, objectClass: "never seen before"))
        );

        Assert.Empty(await pipeline.NamesAsync(ContainerNames.Results));
    }

    [Fact]
    public async Task A_request_for_any_version_is_stored_under_the_one_that_is_there()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", "*"));

        Assert.Equal(etag, result?.Image.ETag);
    }

    [Fact]
    public async Task The_profile_decides_threshold_and_heatmap()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("""{ "low": { "threshold": 0.001, "heatmaps": false }, "high": { "threshold": 0.999 } }""");
        byte[] picture = TestPipeline.Picture();

        ResultDocument? low = await pipeline.ScoreAsync(
            TestPipeline.Request("low/a.png", await pipeline.UploadAsync("low/a.png", picture))
        );
        ResultDocument? high = await pipeline.ScoreAsync(
            TestPipeline.Request("high/a.png", await pipeline.UploadAsync("high/a.png", picture))
        );

        Assert.Equal((Verdict.Anomalous, Verdict.Normal), (low?.Score.Verdict, high?.Score.Verdict));
        Assert.Equal((true, false), (low?.Heatmap is null, high?.Heatmap is null));
    }

    [Fact]
    public async Task A_model_that_is_not_in_storage_is_trouble_that_may_pass()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() =>
            pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag, model: "other@9"))
        );

        Assert.Contains("Model other@9 is not in container", e.Message, StringComparison.Ordinal);
        Assert.Empty(await pipeline.NamesAsync(ContainerNames.Results));
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_no_fault_of_the_image_and_is_told_in_its_state()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: "/nowhere/model");

        await Assert.ThrowsAsync<InfrastructureException>(() => pipeline.ScoreAsync(TestPipeline.Request("c/a.png", "0x1")));

        Assert.Contains("No model package at '/nowhere/model'", pipeline.Models.State.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thirty_images_at_once_each_have_the_score_they_have_alone()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, new LimitsOptions { MaxImagesInMemory = 4 });
        List<ScoreRequested> requests = [];
        for (int i = 0; i < 30; i++)
            requests.Add(TestPipeline.Request($"c/{i}.png", await pipeline.UploadAsync($"c/{i}.png", TestPipeline.Picture(i % 3))));

        ResultDocument?[] results = await Task.WhenAll(requests.Select(pipeline.ScoreAsync));

        double?[] alone = [.. results.Take(3).Select(r => r?.Score.Raw)];
        Assert.Equal(3, alone.Distinct().Count());
        Assert.All(results.Index(), r => Assert.Equal(alone[r.Index % 3], r.Item?.Score.Raw));
    }

    [Fact]
    public async Task A_shadow_scores_its_share_of_new_images_without_alerts()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string second = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.Choice.ShadowAsync(second, 0.5, cancellation: Cancellation);

        await pipeline.ScoreAllAsync(12);
        int asked = (await pipeline.MessagesAsync(QueueNames.ScoreBulk, MessageJson.Default.ScoreRequested)).Count;
        await pipeline.WorkAsync();
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
        await pipeline.WorkAsync();

        Assert.InRange(asked, 1, 11);
        Assert.Equal(12, (await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)).Count);
        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((asked, 12 - asked), (job.Found.Of("normal", "anomalous"), job.Found.Of("normal", "none")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_an_image_is_under_way_one_beyond_the_limit_and_one_of_a_job_wait(bool urgent)
    {
        using ManualResetEventSlim go = new();
        ConcurrentQueue<string> begun = new();
        FaultyTransport transport = new(request =>
        {
            string name = request.Uri.Path.Split('/')[^1];
            if (request.Method == RequestMethod.Get && name is "a.png" or "b.png")
            {
                begun.Enqueue(name);
                if (name == "a.png")
                    go.Wait(Cancellation);
            }

            return null;
        });
        await using TestPipeline pipeline = await TestPipeline.NewAsync(
            azurite,
            new LimitsOptions { MaxImagesInMemory = 1 },
            transport: transport
        );
        ScoreRequested first = TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", TestPipeline.Picture(1))),
            second = TestPipeline.Request("c/b.png", await pipeline.UploadAsync("c/b.png", TestPipeline.Picture(2)));
        Task<ScoredImage> running = Task.Run(() => pipeline.Scoring.RunAsync(first, "ScoreImage", true, Cancellation), Cancellation);
        await Eventually.HappensAsync(() => begun.Count == 1);

        Task<ScoredImage> waiting = Task.Run(() => pipeline.Scoring.RunAsync(second, "ScoreImage", urgent, Cancellation), Cancellation);
        await Task.WhenAny(waiting, Task.Delay(TimeSpan.FromSeconds(2), Cancellation)); // time to begin, if it wrongly did
        string[] early = [.. begun];
        go.Set();
        ScoredImage[] scored = await Task.WhenAll(running, waiting);

        Assert.Equal(["a.png"], early);
        Assert.Equal([first.ETag, second.ETag], scored.Select(image => image?.Result.Image.ETag));
    }

    private static async Task AssertFailedAsync(TestPipeline pipeline, string code, string message = "")
    {
        string name = Assert.Single(await pipeline.NamesAsync(ContainerNames.Results));
        byte[] json = await pipeline.ReadAsync(ContainerNames.Results, name);
        ResultDocument result = ResultDocument.Parse(json, name);
        Assert.Equal((Verdict.Failed, code), (result.Score.Verdict, result.Failure?.Code));
        Assert.Contains(message, result.Failure?.Message, StringComparison.Ordinal);
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), Encoding.UTF8.GetString(json)));
        Assert.Empty(await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored));
    }

    private static string WithoutTextTower()
    {
        string folder = TinyPackage.Copy(TinyPackage.Random());
        File.WriteAllBytes(Path.Combine(folder, "text.weights"), []);
        return folder;
    }
}
