using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Import.Tests.Graphs;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Methods;

/// <summary>Crane on the small model: the numbers of the published modules (parity/methods/crane).</summary>
public sealed class CraneTests
{
    private const double Features = 1e-5,
        Scores = 2e-5; // of the largest value, float32

    private static readonly MethodGolden Golden = new("crane");
    private static readonly Method Options = Crane.Info.Options(8) with { Correlation = new CorrelationPath(["qq", "kk", "vv"], 4) };

    [Fact]
    public void The_learned_prompts_give_the_published_anchors()
    {
        using ClipWeights clip = ClipWeights.Open(Parity.File("tiny/clip-tiny.safetensors"), 4, 4);
        LearnedPrompts prompts = LearnedPrompts.Open(Parity.File("methods/crane/epoch_5.pth"), clip);

        float[] features = Run(prompts, clip);

        Close.AssertRelative(Golden["prompts"], prompts.Rows, 1e-7, "prompt rows");
        Close.AssertRelative(Golden["text_raw"], features, Features, "features of the prompts");
        using var scorer = MethodGolden.Load(TinyPackage.Method("crane", "crane/epoch_5.pth"));
        Close.AssertRelative(
            [.. MethodGolden.Columns(Golden["text_features"]).Take(64)],
            scorer.AnchorsOf("anything"),
            Features,
            "anchors"
        );
    }

    [Fact]
    public void Both_containers_hold_the_same_prompts()
    {
        using ClipWeights clip = ClipWeights.Open(Parity.File("tiny/clip-tiny.safetensors"), 4, 4);

        LearnedPrompts pickled = LearnedPrompts.Open(Parity.File("methods/crane/epoch_5.pth"), clip),
            safe = LearnedPrompts.Open(Parity.File("methods/crane/epoch_5.safetensors"), clip);

        Assert.Equal(pickled.Rows, safe.Rows);
        Assert.Equal(pickled.Deep, safe.Deep);
    }

    [Fact]
    public void Every_value_of_the_two_paths_equals_the_published_one()
    {
        string[] taps =
        [
            "/visual/ln_pre",
            .. Enumerable.Range(0, 8).Select(i => $"/visual/blocks.{i}/out"),
            .. Enumerable.Range(3, 5).Select(i => $"/visual/blocks.{i}/correlation"),
            "/visual/blocks.3/ln_1",
            "/visual/blocks.3/attn",
            "/visual/blocks.3/correlation/attn",
        ];

        Dictionary<string, float[]> found = Run(Options, [8], taps);

        Golden.AssertTaps(taps, found, Features);
    }

    [Fact]
    public void The_head_equals_the_published_one()
    {
        Dictionary<string, float[]> found = Run(
            Options,
            [8],
            ["map", "detection", "/head/levels.0/proj", "/head/class/proj", "/head/pooling/weights", "/head/pooling/fused"]
        );

        Close.AssertRelative(Golden["feature"], found["/head/levels.0/proj"], Features, "patch features");
        Close.AssertRelative(Golden["class_feature"], found["/head/class/proj"], Features, "class feature");
        Close.AssertRelative(Golden["pool_weights"], found["/head/pooling/weights"], Scores, "weights");
        Close.AssertRelative(Golden["fused_feature"], found["/head/pooling/fused"], Scores, "fused feature");
        Close.AssertRelative(Golden["grid"], found["map"], Scores, "grid");
        Close.AssertRelative(Golden["score"], found["detection"], Scores, "score");
    }

    [Fact]
    public void Without_pooling_the_score_is_that_of_the_class_feature()
    {
        Dictionary<string, float[]> found = Run(Options with { Pooling = false }, [8], ["detection"]);

        Close.AssertRelative(Golden["no_pooling.score"], found["detection"], Scores, "score");
    }

    [Theory]
    [InlineData("vv")]
    [InlineData("qq")]
    [InlineData("kk")]
    [InlineData("qq+kk")]
    [InlineData(CorrelationPath.Joint)]
    public void Every_kind_of_attention_equals_the_published_one(string kinds)
    {
        Method method = Options with { Correlation = new CorrelationPath(kinds == CorrelationPath.Joint ? [kinds] : kinds.Split('+'), 4) };

        Dictionary<string, float[]> found = Run(method, [8], ["/head/levels.0/proj"]);

        Close.AssertRelative(Golden[$"attention.{kinds}.level3.feature"], found["/head/levels.0/proj"], Features, kinds);
    }

    [Fact]
    public void Distinct_levels_are_averaged_after_and_before_the_softmax()
    {
        string[] outputs = ["map", "detection", "/head/levels.0/proj", "/head/levels.2/proj"];
        Dictionary<string, float[]> means = Run(Options, [4, 5, 7, 8], outputs);
        Dictionary<string, float[]> logits = Run(Logits, [4, 5, 7, 8], outputs);

        Close.AssertRelative(Golden["distinct_levels.map"], Maps(means["map"], Options), Scores, "mean of probabilities");
        Close.AssertRelative(Golden["distinct_levels_logit_mean.map"], Maps(logits["map"], Logits), Scores, "mean of logits");
        Close.AssertRelative(Golden["distinct_levels.level0.feature"], means["/head/levels.0/proj"], Features, "level 0");
        Close.AssertRelative(Golden["distinct_levels.level2.feature"], means["/head/levels.2/proj"], Features, "level 2");
        Close.AssertRelative(Golden["distinct_levels.score"], means["detection"], Scores, "score");
    }

    [Fact]
    public void Logits_become_probabilities_after_enlarging()
    {
        Dictionary<string, float[]> found = Run(Logits, [8], ["map", "detection"]);

        Close.AssertRelative(Golden["logit_mean.map"], Maps(found["map"], Logits), Scores, "map");
        Close.AssertRelative(Golden["logit_mean.score"], found["detection"], Scores, "score");
    }

    [Fact]
    public void From_files_to_maps_and_scores_the_package_gives_the_published_numbers()
    {
        (float[] maps, float[] grids, float[] scores) = MethodGolden.Score(TinyPackage.Method("crane", "crane/epoch_5.pth"));

        Close.AssertRelative(Golden["grid"], grids, Scores, "grid");
        Close.AssertRelative(Golden["map"], maps, Scores, "map");
        Close.AssertRelative(Golden["score"], scores, Scores, "score");
    }

    [Theory]
    [InlineData("trained_on_mvtec_crane-epoch_5.pth")]
    [InlineData("trained_on_visa_crane-epoch_5.pth")]
    public void The_published_checkpoints_are_read_whole_and_refused_for_another_clip(string file)
    {
        string path = Parity.File($"methods/crane/published/{file}");
        using Checkpoint checkpoint = Checkpoint.Open(path);
        using ClipWeights clip = ClipWeights.Open(Parity.File("tiny/clip-tiny.safetensors"), 4, 4);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => LearnedPrompts.Open(path, clip));

        Assert.Equal([1, 1, 12, 768], checkpoint.Tensors["prompt_learner.ctx_pos"].Shape);
        Assert.Equal(8, checkpoint.Tensors.Keys.Count(k => k.Contains("compound_prompts_text", StringComparison.Ordinal)));
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prompts_learned_with_other_weights_of_the_same_shape_are_refused_by_name()
    {
        string folder = Directory.CreateTempSubdirectory("aaclip-other-").FullName;
        Dictionary<string, (long[] Shape, float[] Values)> all = SafetensorsFile.ReadAll(Parity.File("tiny/clip-tiny.safetensors"));
        all["token_embedding.weight"].Values[14115 * 32] += 0.01f; // "object"
        string other = Path.Combine(folder, "other.safetensors");
        SafetensorsFile.Write(other, all);
        using ClipWeights clip = ClipWeights.Open(other, 4, 4);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() =>
            LearnedPrompts.Open(Parity.File("methods/crane/epoch_5.pth"), clip)
        );

        Assert.Contains("token 14115", refused.Message, StringComparison.Ordinal);
        Assert.Contains(other, refused.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static Method Logits => Options with { LevelMix = LevelMix.Logits, Map = Options.Map with { Sigmoid = true } };

    private static float[] Maps(float[] grids, Method method) =>
        [.. grids.Chunk(64).SelectMany(g => new AnomalyMap(g, 8, 112, Domain.Industrial, method.Map).FullSize(112, 112))];

    private static Dictionary<string, float[]> Run(Method method, int[] levels, string[] outputs) =>
        TinyGraphs.RunMethod(
            method,
            levels,
            Precision.Fp32,
            Activation.QuickGelu,
            Golden["image"],
            MethodGolden.Columns(Golden["text_features"]),
            outputs
        );

    private static float[] Run(LearnedPrompts prompts, ClipWeights clip)
    {
        string folder = Directory.CreateTempSubdirectory("aaclip-prompts-").FullName;
        try
        {
            return prompts.Features(TinyGraphs.Shape, Activation.QuickGelu, clip.Read, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
