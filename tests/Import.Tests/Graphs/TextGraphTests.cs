using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Graphs;

/// <summary>The text graph against values stored from the published code on the small model; limit 1e-5 of the largest value.</summary>
public sealed class TextGraphTests
{
    private const double Limit = 1e-5;

    [Fact]
    public void Every_inner_value_of_the_adapted_tower_equals_the_published_one()
    {
        var golden = TinyGraphs.Golden("tiny/golden-text.safetensors");
        (string Tap, string Golden)[] pairs =
        [
            ("/text/embed", "embed"),
            .. Enumerable.Range(0, 4).Select(i => ($"/text/blocks.{i}/out", $"block{i}.out")),
            .. Enumerable.Range(0, 2).Select(i => ($"/text/adapters.{i}/raw", $"adapter{i}.raw")),
            .. Enumerable.Range(0, 2).Select(i => ($"/text/adapters.{i}/out", $"block{i}.adapted")),
            ("/text/ln_final", "ln_final"),
            ("features", "out"),
        ];

        var found = TinyGraphs.RunText(TinyGraphs.Adapters, Activation.Gelu, Tokens("one_prompt_tokens"), [.. pairs.Select(p => p.Tap)]);

        foreach ((string tap, string name) in pairs)
            Close.AssertRelative(golden[$"one.adapted.{name}"].Values, found[tap], Limit, name);
    }

    [Fact]
    public void Every_block_of_plain_clip_equals_the_published_one()
    {
        var golden = TinyGraphs.Golden("tiny/golden-text.safetensors");
        (string Tap, string Golden)[] pairs =
        [
            .. Enumerable.Range(0, 4).Select(i => ($"/text/blocks.{i}/out", $"block{i}.out")),
            ("/text/ln_final", "ln_final"),
            ("features", "out"),
        ];

        var found = TinyGraphs.RunText(null, Activation.Gelu, Tokens("one_prompt_tokens"), [.. pairs.Select(p => p.Tap)]);

        foreach ((string tap, string name) in pairs)
            Close.AssertRelative(golden[$"one.clip.{name}"].Values, found[tap], Limit, name);
    }

    [Fact]
    public void Features_of_all_prompts_equal_the_published_ones_with_and_without_adapters()
    {
        var golden = TinyGraphs.Golden("tiny/golden-text.safetensors");

        var adapted = TinyGraphs.RunText(TinyGraphs.Adapters, Activation.Gelu, Tokens("tokens"), "features");
        var plain = TinyGraphs.RunText(null, Activation.Gelu, Tokens("tokens"), "features");

        Close.AssertRelative(golden["adapted_text_features"].Values, adapted["features"], Limit, "adapted");
        Close.AssertRelative(golden["clip_text_features"].Values, plain["features"], Limit, "plain");
    }

    private static long[] Tokens(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Parity.File("tiny/golden-text.safetensors"));
        return file.Tensors[name].ToInt64();
    }
}
