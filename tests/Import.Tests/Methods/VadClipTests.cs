using AaClip.Graphs;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Import.Temporal;
using AaClip.Scoring;
using AaClip.Scoring.Events;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Tests;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Import.Tests.Methods;

/// <summary>VadCLIP on the small model: the numbers of the published modules (parity/methods/vadclip, with its tolerances).</summary>
public sealed class VadClipTests : IDisposable
{
    private const double Share = 2e-5; // of the largest value, float32

    private static readonly Lazy<Dictionary<string, (long[] Shape, float[] Values)>> Golden = new(() =>
        SafetensorsFile.ReadAll(Parity.File("methods/vadclip/golden-vadclip.safetensors"))
    );

    private readonly ScratchFolder _folder = new();

    [Theory]
    [InlineData("ucf", 1)]
    [InlineData("ucf", 5)]
    [InlineData("ucf", 31)]
    [InlineData("ucf", 32)]
    [InlineData("ucf", 33)]
    [InlineData("ucf", 64)]
    [InlineData("ucf", 75)]
    [InlineData("xd", 5)]
    [InlineData("xd", 75)]
    public void A_sequence_gets_the_published_scores(string name, int length)
    {
        using TemporalScorer scorer = Load(name);
        float[] features = [.. Features().Take(length * scorer.Model.Head.Width)];

        SequenceScores scores = scorer.Score(features, TestContext.Current.CancellationToken);

        string at = $"{name}.L{length}";
        Close.AssertRelative(Of($"{at}.prob1"), scores.Binary, Share, "p1");
        Close.AssertRelative(Of($"{at}.prob2"), scores.Alignment, Share, "p2");
        Close.AssertRelative(Of($"{at}.class_probs"), scores.ClassProbabilities, Share, "classes");
        Assert.Equal(Of($"{at}.lengths").Select(n => (int)n), scores.Valid);
    }

    [Theory]
    [InlineData("ucf", 5)]
    [InlineData("ucf", 75)]
    [InlineData("xd", 5)]
    public void Every_value_inside_the_head_equals_the_published_one(string name, int length)
    {
        Dictionary<string, string> taps = new()
        {
            ["/embed"] = "embed",
            ["/graph/similarity/cosine"] = "cosine",
            ["/graph/similarity"] = "adj",
            ["/graph/gc1"] = "gc1.act",
            ["/graph/gc2"] = "gc2.act",
            ["/graph/gc3"] = "gc3.act",
            ["/graph/gc4"] = "gc4.act",
            ["/visual"] = "visual_features",
            ["/alignment/prompt"] = "visual_attn",
            ["binary"] = "logits1",
            ["alignment"] = "logits2",
        };
        VadClipCheckpoint checkpoint = Checkpoint(name);
        taps["/temporal"] = $"temporal.block{checkpoint.Head.Blocks - 1}.out";
        string path = _folder.File("head.onnx");
        TemporalHeadGraph.Write(path, checkpoint.Head, n => checkpoint.Weights[n], taps.Keys.Where(t => t.StartsWith('/')));

        Dictionary<string, float[]> found = Run(
            path,
            checkpoint.Head,
            [.. Features().Take(length * 24)],
            Of($"{name}.text_features_ori"),
            taps
        );

        foreach ((string tap, string inner) in taps)
            Close.AssertRelative(Of($"{name}.L{length}.inner.{inner}"), found[tap], Share, inner);
        float[] distances = checkpoint.Head.Distances();
        Close.AssertRelative([.. Of($"{name}.L{length}.inner.disadj").Take(distances.Length)], distances, Share, "distance graph");
    }

    [Theory]
    [InlineData("ucf")]
    [InlineData("xd")]
    public void Class_names_become_the_published_tokens_rows_and_embeddings(string name)
    {
        VadClipCheckpoint checkpoint = Checkpoint(name);
        using ClipWeights clip = ClipWeights.Open(Parity.File("methods/vadclip/model_ucf_tiny.pth"), 4, 2);

        long[][] tokens = VadClipTexts.Tokens(VadClipTexts.Parse([name]), TestVocabulary.Published, 77);
        (float[] rows, long[] ends) = VadClipTexts.Input(
            tokens,
            checkpoint.Weights["text_prompt_embeddings.weight"],
            clip.Read("token_embedding.weight"),
            16
        );

        Assert.Equal(Of($"{name}.word_tokens").Select(t => (long)t), tokens.SelectMany(t => t));
        Close.AssertRelative(Of($"{name}.text_input"), rows, 1e-7, "rows");
        Assert.Equal(Of($"{name}.text_end").Select(e => (long)e), ends);
        float[] classes = TemporalPackage.Open(Package(name)).ReadClasses();
        Close.AssertRelative(Of($"{name}.text_features_ori"), classes, Share, "embeddings");
    }

    [Fact]
    public void Prepared_pixels_get_the_published_features()
    {
        using TemporalScorer scorer = Load("ucf");

        float[] features = [.. Of("image").Chunk(3 * 32 * 32).SelectMany(scorer.Frames.Feature)];

        Close.AssertRelative(Of("image_features"), features, Share, "features");
    }

    [Fact]
    public void Training_windows_are_averaged_and_padded_as_published()
    {
        float[] features = Features();

        SnippetWindow averaged = SnippetWindows.Reduce(features, 24, 32),
            padded = SnippetWindows.Reduce([.. features.Take(9 * 24)], 24, 32);

        Close.AssertRelative(Of("prep.uniform_extract_75_to_32"), averaged.Features, 1e-6, "means");
        Close.AssertRelative(Of("prep.pad_9_to_32"), padded.Features, 1e-7, "padding");
        Assert.Equal((32, 9), (averaged.Valid, padded.Valid));
    }

    [Fact]
    public void The_package_says_what_it_holds_and_no_scorer_of_images_takes_it()
    {
        TemporalManifest model = TemporalPackage.Open(Package("ucf")).Manifest;

        Assert.Equal(new TemporalHead(32, 8, 2, 24, 96, 12), model.Head);
        Assert.Equal(EventScore.Binary, model.Score);
        Assert.True(model.Frame.Mirrored);
        Assert.Equal((49, 37, 32), (model.Frame.Width, model.Frame.Height, model.Frame.Size));
        Assert.Equal("head/model_ucf_tiny.pth", Assert.Single(model.Provenance.Sources).Key);
        Assert.DoesNotContain(model.Files.Keys, f => f.Contains("text", StringComparison.Ordinal));
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => AnomalyScorer.Load(Package("ucf")));
        Assert.Contains("describes a temporal package", e.Message, StringComparison.Ordinal);
        Assert.Contains("aaclip timeline", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<InvalidDataException>(() => TemporalPackage.Open(TinyPackage.Random()));
        Assert.Contains("describes a model that scores images, not a temporal package", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_fit_is_refused_by_name()
    {
        string alone = Parity.File("methods/vadclip/model_xd_tiny.safetensors");

        Assert.Contains("--window 7 does not divide the 32 snippets", Refuse(o => o with { Window = 7 }), StringComparison.Ordinal);
        Assert.Contains("say with --window", Refuse(o => o with { Window = null }), StringComparison.Ordinal);
        Assert.Contains("the first is 'normal'", Refuse(o => o with { Classes = ["jam", "spill"] }), StringComparison.Ordinal);
        Assert.Contains("has 'jam' twice", Refuse(o => o with { Classes = ["normal", "jam", "Jam"] }), StringComparison.Ordinal);
        Assert.Contains(
            "expected 1 to 55",
            Refuse(o => o with { Classes = ["normal", string.Join(' ', Enumerable.Repeat("jam", 56))] }),
            StringComparison.Ordinal
        );
        Assert.Contains("with --clip", Refuse(o => o with { Checkpoint = alone }), StringComparison.Ordinal);
        Assert.Contains(
            "no checkpoint of VadCLIP",
            Refuse(o => o with { Checkpoint = Parity.File("methods/crane/epoch_5.pth") }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "joint width 24",
            Refuse(o => o with { Checkpoint = alone, Clip = Parity.File("tiny/clip-tiny.safetensors"), TextHeads = 4 }),
            StringComparison.Ordinal
        );
        Assert.False(Directory.Exists(_folder.File("refused")));

        string Refuse(Func<TemporalImportOptions, TemporalImportOptions> change) =>
            Assert
                .Throws<InvalidDataException>(() =>
                    TemporalImporter.Import(change(Options("ucf", _folder.File("refused"))), null, TestContext.Current.CancellationToken)
                )
                .Message;
    }

    [Fact]
    public void A_written_checkpoint_is_read_again()
    {
        VadClipCheckpoint first = Checkpoint("ucf");

        VadClipCheckpoint.Write(_folder.File("mine.pth"), first.Head, first.Context, first.TextWidth, first.Weights);

        VadClipCheckpoint again = VadClipCheckpoint.Open(_folder.File("mine.pth"), 8);
        Assert.Equal(first.Head, again.Head);
        Assert.All(first.Weights, w => Assert.Equal(w.Value, again.Weights[w.Key]));
        Assert.False(VadClipCheckpoint.HasClip(_folder.File("mine.pth")));
    }

    public void Dispose() => _folder.Dispose();

    private static VadClipCheckpoint Checkpoint(string name) =>
        VadClipCheckpoint.Open(
            Parity.File($"methods/vadclip/{(name == "ucf" ? "model_ucf_tiny.pth" : "model_xd_tiny.safetensors")}"),
            name == "ucf" ? 8 : 16
        );

    private static TemporalImportOptions Options(string name, string output) => TinyPackage.TemporalOptions(name, output);

    private static string Package(string name) => TinyPackage.Temporal(name);

    private static TemporalScorer Load(string name) => TemporalScorer.Load(Package(name), new ScorerOptions { Provider = Provider.Cpu });

    private static float[] Of(string name) => Golden.Value[name].Values;

    private static float[] Features() => NpyFile.ReadFeatures(Parity.File("methods/vadclip/features_75.npy"), 24);

    private static Dictionary<string, float[]> Run(
        string path,
        TemporalHead head,
        float[] features,
        float[] classes,
        Dictionary<string, string> taps
    )
    {
        IReadOnlyList<SnippetWindow> windows = SnippetWindows.Cut(features, head.Width, head.Length);
        using InferenceSession session = new(path);
        using RunOptions run = new();
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(
            windows.SelectMany(w => w.Features).ToArray(),
            [windows.Count, head.Length, head.Width]
        );
        using OrtValue length = OrtValue.CreateTensorValueFromMemory(windows.Select(w => (long)w.Valid).ToArray(), [windows.Count]);
        using OrtValue names = OrtValue.CreateTensorValueFromMemory(classes, [classes.Length / head.Width, head.Width]);
        string[] wanted = [.. taps.Keys];
        using var result = session.Run(run, ["features", "length", "classes"], [input, length, names], wanted);
        return wanted.Index().ToDictionary(w => w.Item, w => result[w.Index].GetTensorDataAsSpan<float>().ToArray());
    }
}
