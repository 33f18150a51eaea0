using System.Text.Json;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests;

/// <summary>
/// From image files and class names to maps and scores, through an imported package: the same numbers as the published test code gives
/// on the small model. Limits: 1e-5 for text, 2e-5 of the largest value for maps and scores, as measured for float32.
/// </summary>
public sealed class EndToEndTests
{
    private const double Text = 1e-5;
    private const double Scores = 2e-5;

    [Fact]
    public void Preprocessed_files_equal_the_published_input()
    {
        float[] golden = Golden("tiny/golden-e2e.safetensors")["images"].Values;
        Preprocessor preprocessor = new(new Preprocessing { Size = 112 });

        float[] found = new float[6 * preprocessor.Length];
        foreach ((int i, RgbImage image) in Images().Index())
            preprocessor.Write(image, found.AsSpan(i * preprocessor.Length, preprocessor.Length));

        Close.Assert(golden, found, 1e-6, "input");
    }

    [Theory]
    [InlineData(Domain.Industrial)]
    [InlineData(Domain.Medical)]
    public void Maps_and_scores_of_the_six_images_equal_the_published_ones(Domain domain)
    {
        Dictionary<string, (long[] Shape, float[] Values)> golden = Golden("tiny/golden-e2e.safetensors");
        using AnomalyScorer scorer = Load(TinyPackage.Reference());
        float[] anchors = scorer.AnchorsOf("MVTec/bottle");

        IReadOnlyList<ImageScore> scores = scorer.Score(
            [.. Images().Select(i => scorer.Prepare(i, anchors, domain))],
            TestContext.Current.CancellationToken
        );

        float[] maps = [.. scores.SelectMany(s => s.Map.FullSize(112, 112))];
        Close.AssertRelative(golden[$"{domain}.preds"].Values, maps, Scores, "maps");
        Close.AssertRelative(golden[$"{domain}.preds_image"].Values, [.. scores.Select(s => s.Detection)], Scores, "detection");
        Close.AssertRelative(
            [.. golden[$"{domain}.preds"].Values.Chunk(112 * 112).Select(m => m.Max())],
            [.. scores.Select(s => s.MapMax)],
            Scores,
            "map maxima"
        );
    }

    // The published protocol normalises over all images of a class; a calibration made from the same extremes must give the same score.
    [Theory]
    [InlineData(Domain.Industrial)]
    [InlineData(Domain.Medical)]
    public void The_combined_score_equals_the_published_one(Domain domain)
    {
        Dictionary<string, (long[] Shape, float[] Values)> golden = Golden("tiny/golden-e2e.safetensors");
        using AnomalyScorer scorer = Load(TinyPackage.Reference());

        ImageScore[] scores = [.. Images().Select(i => scorer.Score(i, "MVTec/bottle", domain))];
        Calibration calibration = Calibration.Neutral(4) with
        {
            MapMin = scores.Min(s => s.Map.FullSize(112, 112).Min()),
            MapMax = scores.Max(s => s.MapMax),
            DetectionMin = scores.Min(s => s.Detection),
            DetectionMax = scores.Max(s => s.Detection),
        };
        float[] raw = [.. scores.Select(s => (float)calibration.Raw(s.MapMax, s.Detection, domain))];

        Close.Assert(golden[$"{domain}.final_image_score"].Values, raw, Scores, "combined score");
    }

    [Theory]
    [InlineData("MVTec/bottle")]
    [InlineData("VisA/pcb3")]
    [InlineData("Brain/Brain")]
    [InlineData("MVTec/object")]
    [InlineData("object")]
    public void Class_embeddings_equal_the_published_ones_with_and_without_adapters(string name)
    {
        Dictionary<string, (long[] Shape, float[] Values)> golden = Golden("tiny/golden-text.safetensors");
        string key = name == "object" ? "MVTec.object" : name.Replace('/', '.');
        using AnomalyScorer adapted = Load(TinyPackage.Reference());
        using AnomalyScorer plain = Load(TinyPackage.Reference(adapters: false));

        Close.Assert(golden[$"class_embedding.{key}"].Values, adapted.AnchorsOf(name), Text, "adapted");
        Close.Assert(golden[$"class_embedding_unadapted.{key}"].Values, plain.AnchorsOf(name), Text, "plain CLIP");
    }

    [Fact]
    public void Quickgelu_gives_the_class_embedding_of_the_alternative()
    {
        float[] golden = Golden("tiny/alt.safetensors")["quickgelu.class_embedding.MVTec.bottle"].Values;
        using AnomalyScorer scorer = Load(TinyPackage.Reference(activation: Activation.QuickGelu));

        float[] found = scorer.AnchorsOf("MVTec/bottle");

        Close.Assert(golden, found, Text, "class embedding");
    }

    private static Dictionary<string, (long[] Shape, float[] Values)> Golden(string name) => SafetensorsFile.ReadAll(Parity.File(name));

    private static RgbImage[] Images()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Parity.File("tiny/golden-e2e.json")));
        return
        [
            .. json
                .RootElement.GetProperty("files")
                .EnumerateArray()
                .Select(f =>
                    ImageDecoder.DecodeFile(Parity.File($"tiny/dataset/e2e/{f.GetString()}"), new DecodeOptions { Parity = true }).Image
                ),
        ];
    }

    private static AnomalyScorer Load(string package) =>
        AnomalyScorer.Load(package, new ScorerOptions { Provider = Provider.Cpu, CacheFolder = TinyPackage.Cache });
}
