using System.Text;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Jobs;
using AaClip.Pipeline.Tests.Routing;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Scoring;

/// <summary>Cameras with reference images.</summary>
public sealed class ReferencesTests(AzuriteFixture azurite) : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_image_is_compared_with_the_references_of_its_camera_and_a_change_of_them_takes_effect_at_once()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        byte[] picture = TestPipeline.Picture(seed: 5);
        using AnomalyScorer scorer = AnomalyScorer.Load(
            TinyPackage.Random(),
            new ScorerOptions { Provider = AaClip.Scoring.Sessions.Provider.Cpu, Threads = 1 }
        );
        ReferencePatches one = await StoreAsync(pipeline, References.Made(scorer.Model));
        ImageScore expected = scorer.Score(
            ImageDecoder.Decode(picture, "a").Image,
            scorer.AnchorsOf("bottle"),
            Domain.Industrial,
            one,
            Cancellation
        );

        ResultDocument first = await ScoreAsync(pipeline, "c/a.png", picture),
            other = await ScoreAsync(pipeline, "d/a.png", picture);
        ReferencePatches two = await StoreAsync(pipeline, References.Made(scorer.Model, images: 2, threshold: 0.3));
        ResultDocument changed = await ScoreAsync(pipeline, "c/b.png", picture);

        Assert.Equal(new ReferencesPart(one.Sha256, 1, one.Calibration), first.References);
        Assert.Equal((expected.Detection, expected.MapMax, 0.4), (first.Score.Detection, first.Score.MapMax, first.Score.Threshold));
        Assert.Null(first.Score.Calibration); // not the neutral one, although the package has none for the class
        Assert.Null(other.References);
        Assert.NotEqual(first.Score.MapMax, other.Score.MapMax);
        Assert.Equal(new ReferencesPart(two.Sha256, 2, two.Calibration), changed.References);
        Assert.NotEqual(first.Score.MapMax, changed.Score.MapMax);
        Assert.Equal(0.3, changed.Score.Threshold);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("class")]
    [InlineData("tiles")]
    [InlineData("damaged")]
    public async Task An_image_that_they_do_not_fit_is_scored_without_and_the_result_says_why(string reason)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        ModelManifest model = ModelPackage.Open(TinyPackage.Random()).Manifest;
        ReferencePatches fitting = References.Made(model);
        await StoreAsync(
            pipeline,
            reason switch
            {
                "model" => fitting with { Model = new string('0', 64) },
                "class" => fitting with { ObjectClass = "can" },
                "tiles" => fitting with { Tiles = "2x2, overlap 0.25" },
                _ => fitting,
            },
            damaged: reason == "damaged"
        );

        ResultDocument result = await ScoreAsync(pipeline, "c/a.png", TestPipeline.Picture()),
            plain = await ScoreAsync(pipeline, "d/a.png", TestPipeline.Picture());

        Assert.Equal(new ReferencesPart(Unused: reason), result.References);
        Assert.Equal(plain.Score, result.Score);
    }

    [Fact]
    public async Task A_threshold_job_judges_on_the_scale_of_the_references()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await StoreAsync(pipeline, References.Made(ModelPackage.Open(TinyPackage.Random()).Manifest, threshold: 0.6));
        ResultDocument before = await ScoreAsync(pipeline, "c/a.png", TestPipeline.Picture());
        await pipeline.SetCamerasAsync("""{ "c": { "class": "bottle", "minRegion": 0.5 } }""");

        RescoreRequest request = new()
        {
            Id = "j",
            Model = pipeline.Models.OwnId,
            Mode = RescoreMode.Threshold,
        };
        await pipeline.Jobs.StartAsync(request, pipeline.Models.OwnId, Cancellation);
        await pipeline.WorkAsync(score: false);

        ResultDocument judged = pipeline.Result(before.Image.Version.Result(pipeline.Models.OwnId));
        Assert.Equal("j", judged.Job);
        Assert.Equal((before.References, before.Score.Threshold), (judged.References, judged.Score.Threshold));
        Assert.Equal(before.Score.Raw!.Value, judged.Score.Raw!.Value, 4); // a map is stored in 16 bits
    }

    private static async Task<ResultDocument> ScoreAsync(TestPipeline pipeline, string name, byte[] picture)
    {
        string etag = await pipeline.UploadAsync(name, picture);
        ResultDocument result = (await pipeline.ScoreAsync(TestPipeline.Request(name, etag)))!; // it has a score
        string json = Encoding.UTF8.GetString(
            await pipeline.ReadAsync(ContainerNames.Results, result.Image.Version.Result(pipeline.Models.OwnId))
        );
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), json));
        return result;
    }

    private async Task<ReferencePatches> StoreAsync(TestPipeline pipeline, ReferencePatches patches, bool damaged = false)
    {
        string file = _folder.File("references.safetensors");
        patches.Write(file);
        ReferencePatches stored = ReferencePatches.Read(file);
        if (damaged)
            File.WriteAllBytes(file, File.ReadAllBytes(file)[..^100]);
        await CameraReferences.StoreAsync(pipeline.Storage, "c", patches.Model, file, Cancellation);
        return stored;
    }
}
