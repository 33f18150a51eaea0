using System.Diagnostics.Metrics;
using System.Text;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Alerts;
using AaClip.Pipeline.Tests.Jobs;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Scoring;

/// <summary>
/// Cameras with a first model. The live model finds every image anomalous, and both give raw scores near 0.5: so the first model settles
/// every image below a limit of 0.9, and none below a limit of 0.1.
/// </summary>
public sealed class FirstModelTests(AzuriteFixture azurite)
{
    private const double All = 0.9,
        None = 0.1;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_settled_image_has_the_first_models_score_and_map_and_the_live_model_does_not_run()
    {
        string live = TinyPackage.Recalibrated(0.0512); // of this test alone
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: live);
        string first = await PublishAsync(pipeline, TestPipeline.AllNormal);
        await NameAsync(pipeline, first, All);
        List<string> outcomes = [];
        using MeterListener runs = Runs(pipeline.Models.OwnId, out Func<int> count, first, outcomes);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        Assert.Equal(0, count());
        Assert.Contains("settled", outcomes);
        Assert.Equal((Verdict.Normal, pipeline.Models.OwnId), (result?.Score.Verdict, result?.Model.Id.ToString()));
        Assert.Equal((first, All, true, null), (result!.First!.Model, result.First.Settles, result.First.Settled, result.First.Failure));
        Assert.Equal(result.First.Raw!.Value / All / 4, result.Score.Calibrated!.Value, 1e-12);
        Assert.True(result.Score.Raw < 0.0512);
        Assert.Equal((8, true), (result.Map!.Side, result.Heatmap is not null));
        string json = Encoding.UTF8.GetString(
            await pipeline.ReadAsync(ContainerNames.Results, result.Image.Version.Result(result.Model.Id))
        );
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), json));
        Assert.Equal(result.First, ResultDocument.Parse(Encoding.UTF8.GetBytes(json), "it").First);
        Assert.Equal(first, (await RowAsync(pipeline)).First);
        Scored message = Assert.Single(await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored));
        Assert.Equal((Verdict.Normal, result.Score.Calibrated), (message.Verdict, message.Calibrated));
    }

    [Fact]
    public async Task An_image_that_is_not_settled_has_the_numbers_pictures_and_alert_that_it_has_without_a_cascade()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllAnomalous);
        string first = await PublishAsync(pipeline, TestPipeline.AllNormal);
        await pipeline.SetCamerasAsync(
            $$"""{ "c": { "class": "bottle", "first": { "model": "{{first}}", "settles": {{None}} } }, "plain": { "class": "bottle" } }"""
        );
        await LoadAsync(pipeline.Models, first);
        byte[] picture = TestPipeline.Picture(3);
        string etag = await pipeline.UploadAsync("c/a.png", picture),
            other = await pipeline.UploadAsync("plain/a.png", picture);

        ResultDocument? with = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag)),
            without = await pipeline.ScoreAsync(TestPipeline.Request("plain/a.png", other));

        Assert.Equal((first, false, null), (with!.First!.Model, with.First.Settled, with.First.Failure));
        Assert.InRange(with.First.Raw!.Value, 0.3, 0.7);
        Assert.Null(without!.First);
        Assert.Equal(without.Score, with.Score);
        Assert.Equal(without.Regions, with.Regions);
        Assert.Equal(without.Map! with { Blob = "" }, with.Map! with { Blob = "" });
        Assert.Equal(
            await pipeline.ReadAsync(ContainerNames.Maps, without.Map.Blob),
            await pipeline.ReadAsync(ContainerNames.Maps, with.Map.Blob)
        );
        Assert.Equal(
            await pipeline.ReadAsync(ContainerNames.Heatmaps, without.Heatmap!),
            await pipeline.ReadAsync(ContainerNames.Heatmaps, with.Heatmap!)
        );
        List<Scored> messages = await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored);
        Assert.Equal(2, messages.Count(m => m.Verdict == Verdict.Anomalous));
        MemorySink receiver = new("queue");
        using AlertRaiser raiser = new(
            new AlertStore(pipeline.Storage, TimeProvider.System),
            [receiver],
            Options.Create(new AlertOptions()),
            TimeProvider.System,
            NullLogger<AlertRaiser>.Instance
        );
        foreach (Scored message in messages)
            await raiser.RaiseAsync(message, new(), Cancellation);
        Assert.Equal(2, receiver.Received.Count);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("damaged")]
    [InlineData("stale")]
    public async Task A_first_model_that_cannot_be_asked_misses_nothing_and_the_result_and_health_say_so(string fault)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllAnomalous);
        string first = fault == "gone" ? "gone@1" : await PublishAsync(pipeline, TestPipeline.AllNormal);
        if (fault == "damaged")
            await pipeline
                .Storage.Container(ContainerNames.Models)
                .GetBlobClient(first.Replace('@', '/') + "/image.weights")
                .UploadAsync(BinaryData.FromString("no weights"), overwrite: true, Cancellation);
        await NameAsync(pipeline, first, All, fault == "stale" ? "other@1" : null);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        ResultDocument? result = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));
        ModelState state = pipeline.Models.State;

        Assert.Equal((Verdict.Anomalous, false, null), (result?.Score.Verdict, result?.First?.Settled, result?.First?.Raw));
        Assert.NotNull(result?.First?.Failure);
        Assert.Null((await RowAsync(pipeline)).First);
        Assert.True(state.Loaded);
        if (fault != "stale")
            Assert.Contains($"The first model {first} does not score", state.Note!, StringComparison.Ordinal);
        string json = Encoding.UTF8.GetString(
            await pipeline.ReadAsync(ContainerNames.Results, result.Image.Version.Result(result.Model.Id))
        );
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), json));
    }

    [Fact]
    public async Task No_image_waits_while_the_first_model_is_being_loaded()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllAnomalous);
        string first = await PublishAsync(pipeline, TestPipeline.AllNormal);
        await NameAsync(pipeline, first, All, load: false);
        List<FirstPart?> firsts = [];
        for (int i = 0; i < 2; i++)
        {
            string etag = await pipeline.UploadAsync($"c/{i}.png", TestPipeline.Picture(i));
            firsts.Add((await pipeline.ScoreAsync(TestPipeline.Request($"c/{i}.png", etag)))?.First);
            await LoadAsync(pipeline.Models, first);
        }

        Assert.Equal(("It is being loaded.", false), (firsts[0]?.Failure, firsts[0]?.Settled));
        Assert.Equal((null, true), (firsts[1]?.Failure, firsts[1]?.Settled));
    }

    [Fact]
    public async Task A_changed_profile_counts_from_the_next_image_on()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllAnomalous);
        string first = await PublishAsync(pipeline, TestPipeline.AllNormal);
        List<bool?> settled = [];
        foreach (double? limit in (double?[])[null, All, None, All, null])
        {
            await (
                limit is { } settles ? NameAsync(pipeline, first, settles) : pipeline.SetCamerasAsync("""{ "c": { "class": "bottle" } }""")
            );
            string name = $"c/{settled.Count}.png";
            string etag = await pipeline.UploadAsync(name, TestPipeline.Picture(settled.Count));
            settled.Add((await pipeline.ScoreAsync(TestPipeline.Request(name, etag)))?.First?.Settled);
        }

        Assert.Equal([null, true, false, true, null], settled);
    }

    [Fact]
    public async Task A_full_job_scores_a_settled_image_with_the_model_itself()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllAnomalous);
        await NameAsync(pipeline, await PublishAsync(pipeline, TestPipeline.AllNormal), All);
        await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await pipeline.ScoreAllAsync(3);
        Assert.NotNull((await RowAsync(pipeline, 3)).First);

        await RunAsync(pipeline, RescoreMode.Full, pipeline.Models.OwnId);

        List<ResultRow> rows = await pipeline.Results.Index.QueryAsync(new ResultQuery(), Cancellation).ToListAsync(Cancellation);
        Assert.Equal(3, rows.Count);
        Assert.All(rows, r => Assert.Equal((Verdict.Anomalous, null, "j"), (r.Verdict, r.First, r.Job)));
        Job job = await pipeline.Jobs.FindAsync("j", Cancellation);
        Assert.Equal((JobStatus.Done, 3), (job.Status, job.Found.Of("normal", "anomalous")));
    }

    [Fact]
    public async Task A_full_job_keeps_the_settled_result_of_an_image_that_is_gone()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllAnomalous);
        await NameAsync(pipeline, await PublishAsync(pipeline, TestPipeline.AllNormal), All);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        ResultDocument? before = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));
        await pipeline.Storage.Container(ContainerNames.Images).GetBlobClient("c/a.png").DeleteAsync(cancellationToken: Cancellation);

        ResultDocument? after = await pipeline.ScoreAsync(
            TestPipeline.Request("c/a.png", etag) with
            {
                Model = pipeline.Models.OwnId,
                Job = "j",
            }
        );

        Assert.True(before!.First!.Settled);
        Assert.Equal((before.ScoredAt, Verdict.Normal, null), (after!.ScoredAt, after.Score.Verdict, after.Failure));
        Assert.Equal(Verdict.Normal, (await RowAsync(pipeline)).Verdict);
    }

    [Fact]
    public async Task A_full_job_keeps_what_a_check_said_of_a_settled_image()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllAnomalous);
        string first = await PublishAsync(pipeline, TestPipeline.AllNormal),
            check = await PublishAsync(pipeline, TinyPackage.Check(3));
        await pipeline.SetCamerasAsync(
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $$"""
                { "c": { "class": "bottle", "first": { "model": "{{first}}", "settles": {{All}} }, "generated": { "model": "{{check}}" } } }
                """
            )
        );
        await LoadAsync(pipeline.Models, first);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        ResultDocument? before = await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag));

        ResultDocument? after = await pipeline.ScoreAsync(
            TestPipeline.Request("c/a.png", etag) with
            {
                Model = pipeline.Models.OwnId,
                Job = "j",
            }
        );

        Assert.True(before!.First!.Settled);
        Assert.NotNull(before.Generated);
        Assert.Equal((Verdict.Anomalous, null, before.Generated), (after!.Score.Verdict, after.First, after.Generated));
    }

    [Fact]
    public async Task A_threshold_job_leaves_a_settled_image_settled()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await NameAsync(pipeline, await PublishAsync(pipeline, TestPipeline.AllAnomalous), All);
        string stricter = await PublishAsync(pipeline, TinyPackage.Recalibrated(0.07)); // by which every image is anomalous
        await pipeline.ScoreAllAsync(1);
        ResultRow before = await RowAsync(pipeline);

        await RunAsync(pipeline, RescoreMode.Threshold, stricter);

        ResultRow after = await pipeline
            .Results.Index.QueryAsync(new ResultQuery { Model = stricter }, Cancellation)
            .SingleAsync(Cancellation);
        Assert.Equal((Verdict.Normal, before.Score, before.First, 0.07), (after.Verdict, after.Score, after.First, after.Threshold));
        Assert.True(after.Raw < 0.07 / 2);
    }

    [Fact]
    public async Task A_first_model_stays_in_memory_while_a_profile_names_it()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await using ModelHost models = pipeline.Host(TinyPackage.Random());
        List<string> ids = [];
        foreach (double threshold in (double[])[0.21, 0.22, 0.23])
            ids.Add(await PublishAsync(pipeline, TinyPackage.Recalibrated(threshold)));

        Assert.True(await StaysAsync(new HashSet<string> { ids[0] }));
        Assert.False(await StaysAsync(new HashSet<string>()));

        async Task<bool> StaysAsync(HashSet<string> kept)
        {
            models.Keep(kept);
            LoadedModel before = await LoadAsync(ids[0]);
            foreach (string other in ids[1..])
                await LoadAsync(other);
            return ReferenceEquals(before, await LoadAsync(ids[0]));
        }

        async Task<LoadedModel> LoadAsync(string id)
        {
            using ModelLease lease = await models.GetAsync(id, Cancellation);
            return lease.Model;
        }
    }

    private static Task<string> PublishAsync(TestPipeline pipeline, string folder) =>
        pipeline.Repository.PublishAsync(folder, cancellation: Cancellation);

    // Names a first model, and loads it, as an earlier image would have begun to.
    private static async Task NameAsync(TestPipeline pipeline, string first, double settles, string? against = null, bool load = true)
    {
        await pipeline.SetCamerasAsync(
            FormattableString.Invariant($$"""{ "c": { "class": "bottle", "first": { "model": "{{first}}", "settles": {{settles}} """)
                + (against is null ? "} } }" : $$""", "against": "{{against}}" } } }""")
        );
        if (load)
            await LoadAsync(pipeline.Models, first);
    }

    private static async Task LoadAsync(ModelHost models, string id)
    {
        try
        {
            using ModelLease lease = await models.GetAsync(id, Cancellation);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // It is gone or damaged, and the images will say so
        }
    }

    private static async Task<ResultRow> RowAsync(TestPipeline pipeline, int of = 1)
    {
        List<ResultRow> rows = await pipeline.Results.Index.QueryAsync(new ResultQuery(), Cancellation).ToListAsync(Cancellation);
        Assert.Equal(of, rows.Count);
        return rows[0];
    }

    private static async Task RunAsync(TestPipeline pipeline, RescoreMode mode, string model)
    {
        RescoreRequest request = new()
        {
            Id = "j",
            Model = model,
            Mode = mode,
        };
        await pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(score: mode == RescoreMode.Full);
    }

    // Counts the images that a model has scored, and lists what a first model did.
    private static MeterListener Runs(string model, out Func<int> count, string first, List<string> outcomes)
    {
        int seen = 0;
        count = () => Volatile.Read(ref seen);
        MeterListener listener = new()
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name is "aaclip.batch.size" or "aaclip.cascade.images")
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>(
            (_, images, tags, _) =>
            {
                if (tags.ToArray().Contains(new("model", model)))
                    Interlocked.Add(ref seen, images);
            }
        );
        listener.SetMeasurementEventCallback<long>(
            (_, _, tags, _) =>
            {
                if (tags.ToArray().Contains(new("first", first)))
                    lock (outcomes)
                        outcomes.AddRange(tags.ToArray().Where(t => t.Key == "outcome").Select(t => (string)t.Value!));
            }
        );
        listener.Start();
        return listener;
    }
}
