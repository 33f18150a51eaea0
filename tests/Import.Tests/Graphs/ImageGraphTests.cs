using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Import.Tests.Graphs;

/// <summary>
/// The image graph against values stored from the published code on the small model. Limits: 1e-5 of the largest value for features,
/// 2e-5 for scores, as measured between the published code in float32 and in float64 with a factor of ten.
/// </summary>
public sealed class ImageGraphTests
{
    private const double Features = 1e-5;
    private const double Scores = 2e-5;

    private static readonly (string Tap, string Golden)[] AdaptedPairs =
    [
        ("/visual/embed", "embed"),
        ("/visual/ln_pre", "ln_pre"),
        ("/visual/blocks.0/ln_1", "block0.ln_1"),
        ("/visual/blocks.0/attn", "block0.attn_out"),
        ("/visual/blocks.0/mlp", "block0.mlp_out"),
        .. Enumerable.Range(0, 8).Select(i => ($"/visual/blocks.{i}/out", $"block{i}.out")),
        .. Enumerable.Range(0, 3).Select(i => ($"/visual/adapters.{i}/raw", $"adapter{i}.raw")),
        .. Enumerable.Range(0, 3).Select(i => ($"/visual/adapters.{i}/out", $"block{i}.adapted")),
        .. Enumerable.Range(0, 4).Select(i => ($"/head/levels.{i}/ln_post", $"level{i}.ln_post")),
        .. Enumerable.Range(0, 4).Select(i => ($"/head/levels.{i}/proj", $"level{i}.seg_proj")),
        .. Enumerable.Range(0, 4).Select(i => ($"/head/levels.{i}/feature", $"level{i}.seg_feature")),
        ("/head/detection/proj", "det_proj"),
        ("/head/detection/feature", "det_feature"),
    ];

    [Fact]
    public void Every_inner_value_of_the_adapted_tower_equals_the_published_one()
    {
        var golden = TinyGraphs.Golden("tiny/golden-image.safetensors");
        float[] anchors = TinyGraphs.Golden("tiny/golden-maps.safetensors")["text"].Values;

        var found = TinyGraphs.RunImage(
            TinyGraphs.Adapters,
            Precision.Fp32,
            Activation.Gelu,
            golden["image"].Values,
            anchors,
            [.. AdaptedPairs.Select(p => p.Tap)]
        );

        foreach ((string tap, string name) in AdaptedPairs)
            Close.AssertRelative(golden[$"adapted.{name}"].Values, found[tap], Features, name);
    }

    [Fact]
    public void Every_block_of_plain_clip_equals_the_published_one()
    {
        var golden = TinyGraphs.Golden("tiny/golden-image.safetensors");
        float[] anchors = TinyGraphs.Golden("tiny/golden-maps.safetensors")["text"].Values;
        string[] taps = [.. Enumerable.Range(0, 8).Select(i => $"/visual/blocks.{i}/out")];

        var found = TinyGraphs.RunImage(null, Precision.Fp32, Activation.Gelu, golden["image"].Values, anchors, taps);

        for (int i = 0; i < 8; i++)
            Close.AssertRelative(golden[$"clip.block{i}.out"].Values, found[taps[i]], Features, taps[i]);
    }

    [Fact]
    public void Level_scores_and_the_image_score_equal_the_published_ones()
    {
        var golden = TinyGraphs.Golden("tiny/golden-maps.safetensors");
        string[] outputs = ["map", "detection", .. Enumerable.Range(0, 4).Select(i => $"/head/levels.{i}/score")];

        var found = TinyGraphs.RunImage(
            TinyGraphs.Adapters,
            Precision.Fp32,
            Activation.Gelu,
            golden["image"].Values,
            golden["text"].Values,
            outputs
        );

        float[] sum = new float[64];
        for (int level = 0; level < 4; level++)
        {
            float[] expected = golden[$"level{level}.score_map"].Values;
            Close.AssertRelative(expected, found[$"/head/levels.{level}/score"], Scores, $"level {level}");
            for (int i = 0; i < sum.Length; i++)
                sum[i] += expected[i];
        }

        Close.AssertRelative(sum, found["map"], Scores, "sum of levels");
        Close.AssertRelative(golden["image_score"].Values, found["detection"], Scores, "image score");
    }

    [Fact]
    public void Quickgelu_gives_the_features_of_the_alternative()
    {
        var golden = TinyGraphs.Golden("tiny/alt.safetensors");
        var image = TinyGraphs.Golden("tiny/golden-image.safetensors")["image"].Values;
        float[] anchors = TinyGraphs.Golden("tiny/golden-maps.safetensors")["text"].Values;
        string[] taps = [.. Enumerable.Range(0, 4).Select(i => $"/head/levels.{i}/feature"), "/head/detection/feature"];

        var found = TinyGraphs.RunImage(TinyGraphs.Adapters, Precision.Fp32, Activation.QuickGelu, image, anchors, taps);

        for (int level = 0; level < 4; level++)
            Close.AssertRelative(golden[$"quickgelu.level{level}.seg_feature"].Values, found[taps[level]], Features, taps[level]);
        Close.AssertRelative(golden["quickgelu.det_feature"].Values, found[taps[4]], Features, taps[4]);
    }

    [Fact]
    public void A_batch_changes_an_image_by_rounding_only()
    {
        var golden = TinyGraphs.Golden("tiny/golden-e2e.safetensors");
        float[] images = golden["images"].Values;
        float[] anchors = TinyGraphs.Golden("tiny/golden-maps.safetensors")["text"].Values;
        int length = images.Length / 6;

        var batch = TinyGraphs.RunImage(
            TinyGraphs.Adapters,
            Precision.Fp32,
            Activation.Gelu,
            images,
            [.. Enumerable.Repeat(anchors, 6).SelectMany(a => a)],
            "map",
            "detection"
        );

        for (int i = 0; i < 6; i++)
        {
            var alone = TinyGraphs.RunImage(
                TinyGraphs.Adapters,
                Precision.Fp32,
                Activation.Gelu,
                images[(i * length)..((i + 1) * length)],
                anchors,
                "map",
                "detection"
            );
            // Bits differ: the scorer runs images one by one
            Close.AssertRelative(alone["map"], batch["map"].AsSpan(i * 64, 64), Scores, $"map of image {i}");
            Close.AssertRelative(alone["detection"], batch["detection"].AsSpan(i, 1), Scores, $"detection of image {i}");
        }
    }

    [Fact]
    public void Int8_stays_near_float32()
    {
        var golden = TinyGraphs.Golden("tiny/golden-maps.safetensors");
        (float[] image, float[] text) = (golden["image"].Values, golden["text"].Values);

        var exact = TinyGraphs.RunImage(TinyGraphs.Adapters, Precision.Fp32, Activation.Gelu, image, text, "map", "detection");
        var found = TinyGraphs.RunImage(TinyGraphs.Adapters, Precision.Int8, Activation.Gelu, image, text, "map", "detection");

        Close.AssertRelative(exact["map"], found["map"], 5e-2, "map");
        Close.AssertRelative(exact["detection"], found["detection"], 5e-2, "detection");
        Assert.NotEqual(exact["map"], found["map"]);
    }
}
