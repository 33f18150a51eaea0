using System.Text;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Alerts;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Scoring;

/// <summary>Cameras with a check for generated pictures, which gives every picture the same probability.</summary>
public sealed class GeneratedTests(AzuriteFixture azurite)
{
    private static readonly double High = PictureCheck.Sigmoid(3); // 0.95

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_generated_image_is_told_in_result_index_message_and_one_alert()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string check = await PublishAsync(pipeline, TinyPackage.Check(3));
        await pipeline.SetCamerasAsync(
            $$"""
            { "c": { "class": "bottle", "generated":
              { "model": "{{check}}", "threshold": 0.9, "alpha": 0.02, "levels": [[0.5, 0.3], [0.1, 0.7], [0.02, 0.94], [0.01, 0.96]] } } }
            """
        );
        ScoreRequested request = TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", TestPipeline.Picture()));

        ResultDocument result = (await pipeline.ScoreAsync(request))!; // a new image has a result
        await pipeline.ScoreAsync(request); // a second delivery

        GeneratedPart part = result.Generated!;
        Assert.Equal((check, 0.02, PictureOrigin.Generated, 0.9), (part.Model, part.PValue, part.Verdict, part.Threshold));
        Assert.Equal(High, part.Probability, 1e-6);
        Assert.Equal(Verdict.Normal, result.Score.Verdict);
        string json = Encoding.UTF8.GetString(
            await pipeline.ReadAsync(ContainerNames.Results, result.Image.Version.Result(result.Model.Id))
        );
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), json));
        Assert.Equal(part, ResultDocument.Parse(Encoding.UTF8.GetBytes(json), "it").Generated);
        ResultRow row = Assert.Single(await RowsAsync(pipeline, PictureOrigin.Generated));
        Assert.Equal((PictureOrigin.Generated, part.Probability), (row.Generated, row.GeneratedProbability));
        Assert.Empty(await RowsAsync(pipeline, PictureOrigin.Camera));
        List<Scored> messages = await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored);
        Assert.Equal([part, part], messages.Select(m => m.Generated));
        AlertEvent alert = Assert.Single(await AlertsAsync(pipeline, messages));
        Assert.Equal(("aaclip.generated.flagged", AlertKind.Generated), (alert.Envelope.Type, alert.Kind));
        Assert.Equal(
            (check, part.Probability, 0.02, "c/a.png"),
            (alert.Generated!.Model, alert.Generated.Probability, alert.Generated.PValue, alert.Generated.Image.Blob)
        );
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), alert.ToJson().ToString()));
        Assert.Equal(alert.Generated, AlertEvent.Parse(alert.ToJson()).Generated);
    }

    [Fact]
    public async Task An_image_below_the_threshold_comes_from_the_camera_and_alerts_nobody()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string check = await PublishAsync(pipeline, TinyPackage.Check(3));
        await NameAsync(pipeline, check, threshold: 0.96);

        ResultDocument result = await ScoreAsync(pipeline);

        Assert.Equal((PictureOrigin.Camera, null), (result.Generated!.Verdict, result.Generated.PValue));
        Assert.Empty(await AlertsAsync(pipeline, await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored)));
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("damaged")]
    [InlineData("a model that scores")]
    public async Task A_check_that_cannot_be_asked_changes_nothing_of_the_result(string fault)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllAnomalous);
        string check = fault switch
        {
            "gone" => "gone@1",
            "damaged" => await PublishAsync(pipeline, TinyPackage.Check(3)),
            _ => await PublishAsync(pipeline, TinyPackage.Random()),
        };
        if (fault == "damaged")
            await pipeline
                .Storage.Container(ContainerNames.Models)
                .GetBlobClient(ModelId.Parse(check).Folder + "/" + CheckPackage.Weights)
                .UploadAsync(BinaryData.FromString("no weights"), overwrite: true, Cancellation);
        await pipeline.SetCamerasAsync("""{ "c": { "class": "bottle" } }""");
        ResultDocument without = await ScoreAsync(pipeline, "c/without.png");
        await NameAsync(pipeline, check, threshold: 0.5);

        ResultDocument result = await ScoreAsync(pipeline);

        Assert.Null(result.Generated);
        Assert.Null(result.Failure);
        Assert.Equal(without.Score, result.Score);
        Assert.Equal(without.Regions, result.Regions);
    }

    [Fact]
    public async Task An_image_of_a_job_is_not_checked()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await NameAsync(pipeline, await PublishAsync(pipeline, TinyPackage.Check(3)), threshold: 0.5);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());

        ScoredImage image = await pipeline.Scoring.RunAsync(
            TestPipeline.Request("c/a.png", etag) with
            {
                Job = "job1",
            },
            "ScoreBulk",
            urgent: false,
            Cancellation
        );

        Assert.Null(image.Result.Generated);
        Assert.NotNull(image.Result.Score.Raw);
    }

    [Fact]
    public async Task A_check_that_failed_rests_and_is_asked_again()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        using ScratchFolder cache = new();
        FakeTimeProvider time = new();
        await using CheckHost host = new(
            Options.Create(
                new ModelOptions
                {
                    Provider = Provider.Cpu,
                    Threads = 1,
                    Cache = cache.Path,
                }
            ),
            pipeline.Repository,
            pipeline.Trust,
            time,
            NullLogger<CheckHost>.Instance
        );
        string id = CheckPackage.Open(TinyPackage.Check(3)).Id;
        RgbImage image = ImageDecoder.Decode(TestPipeline.Picture(), "it").Image;
        Task<double> Ask() => host.ProbabilityAsync(id, image, Cancellation);
        string reason = (await Assert.ThrowsAsync<InvalidDataException>(Ask)).Message;
        Assert.Contains($"Model {id} is not in container", reason, StringComparison.Ordinal);

        await PublishAsync(pipeline, TinyPackage.Check(3));

        Assert.Equal(reason, (await Assert.ThrowsAsync<InvalidOperationException>(Ask)).Message);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(High, await Ask(), 1e-6);
    }

    [Fact]
    public async Task Many_images_of_cameras_with_several_checks_get_the_answers_of_their_own()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string[] ids =
        [
            await PublishAsync(pipeline, TinyPackage.Check(3)),
            await PublishAsync(pipeline, TinyPackage.Check(-3)),
            await PublishAsync(pipeline, TinyPackage.Check(0)),
        ];
        RgbImage image = ImageDecoder.Decode(TestPipeline.Picture(), "it").Image;

        double[] found = await Task.WhenAll(
            Enumerable.Range(0, 30).Select(i => pipeline.Checks.ProbabilityAsync(ids[i % 3], image, Cancellation))
        );

        double[] logits = [3, -3, 0];
        for (int i = 0; i < found.Length; i++)
            Assert.Equal(PictureCheck.Sigmoid(logits[i % 3]), found[i], 1e-6);
    }

    [Fact]
    public async Task A_check_is_refused_as_a_model_that_scores()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string check = await PublishAsync(pipeline, TinyPackage.Check(3));

        ArgumentException live = await Assert.ThrowsAsync<ArgumentException>(() =>
            pipeline.Repository.RequireModelAsync(check, null, Cancellation)
        );
        ArgumentException job = await Assert.ThrowsAsync<ArgumentException>(() =>
            pipeline.Jobs.StartAsync(new RescoreRequest { Model = check, Mode = RescoreMode.Full }, "live@1", Cancellation)
        );
        InvalidDataException loaded = await Assert.ThrowsAsync<InvalidDataException>(() => pipeline.Models.GetAsync(check, Cancellation));

        Assert.Contains("is a check for generated pictures, not a model that scores images", live.Message, StringComparison.Ordinal);
        Assert.Equal(live.Message, job.Message);
        Assert.Contains("describes a check for generated pictures", loaded.Message, StringComparison.Ordinal);
    }

    private static Task<string> PublishAsync(TestPipeline pipeline, string package) =>
        pipeline.Repository.PublishAsync(package, cancellation: Cancellation);

    private static Task NameAsync(TestPipeline pipeline, string check, double threshold) =>
        pipeline.SetCamerasAsync(
            FormattableString.Invariant(
                $$"""{ "c": { "class": "bottle", "generated": { "model": "{{check}}", "threshold": {{threshold}} } } }"""
            )
        );

    private static async Task<ResultDocument> ScoreAsync(TestPipeline pipeline, string name = "c/a.png") =>
        (await pipeline.ScoreAsync(TestPipeline.Request(name, await pipeline.UploadAsync(name, TestPipeline.Picture()))))!; // it is new

    private static async Task<List<ResultRow>> RowsAsync(TestPipeline pipeline, PictureOrigin origin) =>
        await pipeline.Results.Index.QueryAsync(new ResultQuery { Generated = origin }, Cancellation).ToListAsync(Cancellation);

    private static async Task<List<AlertEvent>> AlertsAsync(TestPipeline pipeline, IEnumerable<Scored> messages)
    {
        List<AlertEvent> received = [];
        MemorySink receiver = new(
            "queue",
            alert =>
            {
                received.Add(alert);
                return false;
            }
        );
        using AlertRaiser raiser = new(
            new AlertStore(pipeline.Storage, TimeProvider.System),
            [receiver],
            Options.Create(new AlertOptions()),
            TimeProvider.System,
            NullLogger<AlertRaiser>.Instance
        );
        foreach (Scored message in messages)
            await raiser.RaiseAsync(message, new(), Cancellation);
        return received;
    }
}
