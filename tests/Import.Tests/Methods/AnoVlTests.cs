using System.Text.Json;
using AaClip.Import.Methods;
using AaClip.Import.Tests.Graphs;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Import.Tests.Methods;

/// <summary>AnoVL on the small model: the numbers of the published modules (parity/methods/anovl).</summary>
public sealed class AnoVlTests
{
    private const double Features = 1e-5,
        Scores = 2e-5;

    private static readonly MethodGolden Golden = new("anovl");

    [Fact]
    public void Tower_and_head_equal_the_published_ones()
    {
        string[] taps = [.. Enumerable.Range(0, 8).Select(i => $"/visual/blocks.{i}/correlation")];

        Dictionary<string, float[]> found = TinyGraphs.RunMethod(
            AnoVl.Info.Options(8),
            [8],
            Precision.Fp32,
            Activation.Gelu,
            Golden["image"],
            Three(Golden["anchors.bottle"]),
            [.. taps, "/head/levels.0/proj", "/head/class/proj", "map", "detection"]
        );

        Golden.AssertTaps(taps, found, Features);
        Close.AssertRelative(Golden["feature"], found["/head/levels.0/proj"], Features, "patch features");
        Close.AssertRelative(Golden["class_feature"], found["/head/class/proj"], Features, "class feature");
        Close.AssertRelative(Golden["grid"], found["map"], Scores, "grid");
        Close.AssertRelative(Golden["view_score"], found["detection"], Scores, "score");
    }

    [Fact]
    public void The_same_modules_with_openais_weights_give_the_published_numbers()
    {
        Dictionary<string, float[]> found = TinyGraphs.RunMethod(
            AnoVl.Info.Options(8) with
            {
                Correlation = new CorrelationPath(["vv"], 4),
            },
            [8],
            Precision.Fp32,
            Activation.QuickGelu,
            Golden["image"],
            Three(Golden["openai.anchors.bottle"]),
            ["map", "detection"]
        );

        Close.AssertRelative(Golden["openai.grid"], found["map"], Scores, "grid");
        Close.AssertRelative(Golden["openai.view_score"], found["detection"], Scores, "score");
    }

    [Theory]
    [InlineData("MVTec/bottle", "bottle")]
    [InlineData("metal_nut", "metal_nut")]
    [InlineData("carpet", "carpet")]
    [InlineData("VisA/macaroni1", "macaroni1")]
    public void Anchors_of_objects_textures_and_mapped_names_equal_the_published_ones(string className, string golden)
    {
        using AnomalyScorer scorer = MethodGolden.Load(TinyPackage.Method("anovl", null));

        Close.AssertRelative(Golden[$"anchors.{golden}"], scorer.AnchorsOf(className), Features, className);
    }

    [Fact]
    public void The_prompts_are_the_published_ones()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Parity.File("methods/anovl/prompts.json")));
        PromptPack pack = PromptPack.FromJson(AnoVl.Info.Prompts!.ToJson(), "written and read again"); // AnoVL has its own

        foreach ((string kind, string name) in (ReadOnlySpan<(string, string)>)[("object", "bottle"), ("texture", "carpet")])
        {
            (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = pack.Sentences(name);
            Assert.Equal(Published("normal", kind, name), normal.Order(StringComparer.Ordinal));
            Assert.Equal(Published("abnormal", kind, name), abnormal.Order(StringComparer.Ordinal));
        }

        IEnumerable<string> Published(string side, string kind, string name) =>
            json
                .RootElement.GetProperty("states")
                .GetProperty(side)
                .EnumerateArray()
                .SelectMany(state =>
                    json.RootElement.GetProperty("templates")
                        .GetProperty(kind)
                        .EnumerateArray()
                        .Select(t =>
                            t.GetString()!
                                .Replace("{}", state.GetString()!.Replace("{}", name, StringComparison.Ordinal), StringComparison.Ordinal)
                        )
                )
                .Order(StringComparer.Ordinal);
    }

    [Fact]
    public void From_files_to_maps_and_scores_the_package_gives_the_published_numbers()
    {
        (float[] maps, float[] grids, float[] scores) = MethodGolden.Score(TinyPackage.Method("anovl", null));

        Close.AssertRelative(Golden["grid"], grids, Scores, "grid");
        Close.AssertRelative(Golden["map"], maps, Scores, "map");
        Close.Assert([.. Golden["map"].Select(v => v - 0.5f)], [.. maps.Select(v => v - 0.5f)], 1e-6, "map, of its range of 0.009");
        Close.AssertRelative(Golden["view_score"], scores, Scores, "score of one view");
    }

    [Fact]
    public void The_views_equal_the_published_ones()
    {
        float[] image = [.. Golden["image"].Take(3 * 112 * 112)];
        float[] found = new float[image.Length];
        foreach (int view in (ReadOnlySpan<int>)[1, 4, 9, 13, 17, 18, 19, 20, 21])
        {
            Views.Write(image, 112, view, Views.All, found);
            Close.AssertRelative(Golden[$"views.image0.{view}"], found, 1e-4, $"view {view}");
        }
    }

    [Fact]
    public void With_all_views_the_score_is_the_published_mean()
    {
        string package = TinyPackage.Method("anovl", null, views: 22);

        (float[] maps, _, float[] scores) = MethodGolden.Score(package);

        Close.AssertRelative(Golden["map"], maps, Scores, "map of the image itself");
        for (int i = 0; i < 3; i++)
            Close.AssertRelative(Golden[$"score.image{i}"], [scores[i]], Scores, $"mean score of image {i}");
    }

    [Fact]
    public void Few_views_are_the_image_its_flip_and_three_turns()
    {
        float[] image = [.. Golden["image"].Take(3 * 112 * 112)];
        float[] few = new float[image.Length],
            all = new float[image.Length];
        foreach ((int i, int view) in ((int[])[0, 17, 19, 20, 21]).Index())
        {
            Views.Write(image, 112, i, Views.Few, few);
            Views.Write(image, 112, view, Views.All, all);
            Assert.Equal(all, few);
        }
    }

    [Fact]
    public void Images_are_resized_bilinearly_as_pillow_does()
    {
        Preprocessor preprocessor = new(new Preprocessing { Size = 112, Filter = ResizeFilter.Bilinear });
        float[] found = new float[3 * preprocessor.Length];
        foreach ((int i, RgbImage image) in MethodGolden.Images().Index())
            preprocessor.Write(image, found.AsSpan(i * preprocessor.Length, preprocessor.Length));

        Close.Assert(Golden["image"], found, 1e-6, "input");
    }

    private static float[] Three(float[] one) => [.. one, .. one, .. one];
}
