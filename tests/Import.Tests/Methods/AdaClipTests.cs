using System.Text.Json.Nodes;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Import.Tests.Graphs;
using AaClip.Scoring;
using AaClip.Scoring.Clusters;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Methods;

/// <summary>AdaCLIP on the small model: the numbers of the published modules (parity/methods/adaclip).</summary>
public sealed class AdaClipTests : IDisposable
{
    private const double Limit = 2e-4; // a value near a rounding boundary of float16 may fall to the other side
    private const double OtherClusters = 0.2; // of the logit: the published start is random, and leads to other clusters
    private const int Clusters = 4; // of the goldens
    private const string Checkpoint = "adaclip/pretrained_tiny.pth";
    private static readonly string[] Classes = ["bottle", "metal_nut", "candle"];

    private static readonly MethodGolden Golden = new("adaclip");
    private static readonly Method Options = AdaClip.Info.Options(8) with { Hybrid = new HybridPrompts(3, 5, Clusters) };
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Prompts_anchors_features_and_scores_equal_the_published_ones(int image)
    {
        string[] blocks = image == 0 ? [.. Enumerable.Range(0, 8).Select(i => $"/visual/blocks.{i}/out")] : [];
        string[] features = [.. Enumerable.Range(0, 4).Select(i => $"/head/levels.{i}/feature")];

        Dictionary<string, float[]> found = Run(
            image,
            ["/prompts/visual", "/prompts/text", "/text/anchors", .. features, "/head/selected", "/visual/class", .. blocks]
        );
        Dictionary<string, float[]> scores = Run(image, ["map", "class", "difference"]);

        float[] Published(string name) => Golden[$"image{image}.{name}"];
        Close.AssertRelative(Published("dynamic_visual"), found["/prompts/visual"], 1e-5, "prompts of the image");
        Close.AssertRelative(Published("dynamic_text"), found["/prompts/text"], 1e-5, "prompts of the text");
        Close.AssertRelative(Published("text"), found["/text/anchors"], Limit, "anchors");
        for (int level = 0; level < 4; level++)
            Close.AssertRelative(Published($"level{level}.feature"), found[features[level]], Limit, $"level {level}");
        foreach (string block in blocks)
            Close.AssertRelative(Published(block["/visual/".Length..].Replace("s.", "").Replace('/', '.')), found[block], Limit, block);
        if (image == 0)
            Close.AssertRelative(Published("pooled"), found["/visual/class"], Limit, "class feature before its projection");
        Assert.Equal(Published("selected"), found["/head/selected"]);
        Close.AssertRelative(Published("class_feature"), scores["class"], Limit, "class feature");
        Close.AssertRelative(Published("score_without_clusters"), [Without(scores)], Limit, "score without clusters");
        AnomalyMap map = new(scores["map"], 8, 112, Domain.Industrial, Options.Map);
        Close.AssertRelative(Published("map"), map.FullSize(112, 112), Limit, "map");
        AnomalyMap sharp = new(scores["map"], 8, 112, Domain.Industrial, Options.Map with { Sigma = 0 });
        Close.AssertRelative(Published("map_unsmoothed"), sharp.FullSize(112, 112), Limit, "map before smoothing");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void With_the_published_clusters_summary_and_score_equal_the_published_ones(int image)
    {
        Dictionary<string, float[]> found = Run(image, ["selected", "class", "difference"]);
        int[] labels = [.. Golden[$"image{image}.clusters"].Select(l => (int)l)];

        float[] summary = ClusteredScore.Summary(found["selected"], labels, levels: 4, width: 32);
        float[] mixed = ClusteredScore.Mix(summary, found["class"]);
        float score = ClusteredScore.Probability(mixed, found["difference"], Options.Temperature);

        Close.AssertRelative(Golden[$"image{image}.clustered_feature"], summary, Limit, "summary");
        Close.AssertRelative(Golden[$"image{image}.score"], [score], Limit, "score");
        int[] own = KMeans.Labels(ClusteredScore.Products(found["selected"], 4 * 32), Clusters);
        Assert.InRange(Spread(found["selected"], own), 0, Spread(found["selected"], labels)); // at least as tight as scikit-learn's
    }

    [Fact]
    public void From_files_to_maps_the_package_gives_the_published_numbers_and_scores_near_them()
    {
        using AnomalyScorer scorer = MethodGolden.Load(FourClusters());

        foreach ((int i, RgbImage image) in MethodGolden.Images().Index())
        {
            ImageScore score = scorer.Score(image, Classes[i], cancellation: Cancellation);
            Close.AssertRelative(Golden[$"image{i}.map"], score.Map.FullSize(112, 112), Limit, $"map of image {i}");
            Assert.Equal(Logit(Golden[$"image{i}.score"][0]), Logit(score.Detection), OtherClusters);
            Dictionary<string, float[]> found = Run(i, ["selected", "class", "difference"]);
            float expected = ClusteredScore.Score(found["selected"], 4, found["class"], found["difference"], Clusters, Options.Temperature);
            Close.AssertRelative([expected], [score.Detection], Limit, $"score of image {i}");
        }
    }

    [Theory]
    [InlineData(Precision.Fp16, 0.1)]
    [InlineData(Precision.Int8, 1)]
    public void Scores_in_other_precisions_stay_near_float32(Precision precision, double limit)
    {
        using AnomalyScorer exact = MethodGolden.Load(Package()),
            scorer = MethodGolden.Load(TinyPackage.Method("adaclip", Checkpoint, precision));

        foreach (RgbImage image in MethodGolden.Images())
            Assert.Equal(
                Logit(exact.Score(image, "bottle", cancellation: Cancellation).Detection),
                Logit(scorer.Score(image, "bottle", cancellation: Cancellation).Detection),
                limit
            );
    }

    [Fact]
    public void An_image_has_the_same_bits_alone_among_others_and_again()
    {
        using AnomalyScorer scorer = MethodGolden.Load(Package()),
            again = MethodGolden.Load(Package());
        ModelInput[] inputs =
        [
            .. MethodGolden.Images().Select((image, i) => scorer.Prepare(image, scorer.AnchorsOf(Classes[i]), Domain.Industrial)),
        ];

        IReadOnlyList<ImageScore> together = scorer.Score(inputs, Cancellation);

        Assert.False(scorer.Batches);
        foreach ((int i, RgbImage image) in MethodGolden.Images().Index())
        {
            ImageScore alone = again.Score(image, Classes[i], cancellation: Cancellation);
            Assert.Equal(alone.Map.Raw.ToArray(), together[i].Map.Raw.ToArray());
            Assert.Equal(alone.Detection, together[i].Detection);
        }
    }

    [Fact]
    public void Sentences_behind_the_longest_end_change_nothing()
    {
        float[] sentences = Sentences("bottle");
        float[] longer = [.. sentences, .. Row(0, 77)]; // a normal sentence that fills the context; the others are computed to its end
        float[] shorter = [.. sentences, .. Row(0, 3)];

        float[] found = Run(Golden.Image(0), longer, ["/text/anchors"])["/text/anchors"],
            expected = Run(Golden.Image(0), shorter, ["/text/anchors"])["/text/anchors"];

        float[] Abnormal(float[] anchors) => [.. anchors.Where((_, i) => i % 2 == 1)];
        Close.AssertRelative(Abnormal(expected), Abnormal(found), 1e-6, "abnormal anchor");
        Assert.NotEqual(expected, found);

        static float[] Row(int side, int tokens) =>
            [
                side,
                .. Enumerable
                    .Range(0, 77)
                    .Select(i =>
                        i == 0 ? 49406f
                        : i < tokens - 1 ? 320
                        : i == tokens - 1 ? 49407
                        : 0
                    ),
            ];
    }

    [Fact]
    public void There_are_28_normal_and_20_abnormal_sentences_with_the_name_as_it_is()
    {
        (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = AdaClip.Info.Prompts!.Sentences("metal_nut"); // it has its own

        Assert.Equal((28, 20), (normal.Count, abnormal.Count));
        Assert.Contains("a low resolution photo of the unblemished metal_nut.", normal);
        Assert.Contains("a bad photo of a metal_nut without flaw.", normal);
        Assert.Contains("a cropped photo of the broken metal_nut.", abnormal);
        Assert.Contains("a bad photo of the metal_nut with damage.", abnormal);
        using AnomalyScorer scorer = MethodGolden.Load(Package());
        Assert.Equal(48 * 78, scorer.AnchorsOf("a class that nobody has named before").Length);
        Assert.Equal(scorer.AnchorsOf("metal_nut"), scorer.AnchorsOf("MVTec/metal_nut"));
        Assert.Equal(14, scorer.AnchorsOf("bottle").Chunk(78).Max(row => row.IndexOf(row.Max()))); // tokens: the side is in front
    }

    [Fact]
    public void A_first_run_needs_no_class()
    {
        using AnomalyScorer scorer = MethodGolden.Load(Package());

        ImageScore score = scorer.Score(MethodGolden.Images()[0], scorer.BlankAnchors(), Domain.Industrial, Cancellation);

        Assert.InRange(score.Detection, 0, 1);
        Assert.Throws<ArgumentException>(() => scorer.Score(MethodGolden.Images()[0], new float[64], Domain.Industrial, Cancellation));
    }

    [Theory]
    [InlineData("clip_model.cls_token_layer.head.0.bias", null, "Tensor 'clip_model.cls_token_layer.head.0.bias' is missing")]
    [InlineData("clip_model.patch_token_layer.head.2.weight", 32, "'clip_model.patch_token_layer.head.2.weight'")]
    [InlineData("clip_model.text_prompter.static_prompts.3", 160, "'clip_model.text_prompter.static_prompts.3'")]
    [InlineData("clip_model.visual_prompter.static_prompts.0", null, "has prompts for 0 blocks, with 5 rows each")]
    public void Checkpoints_that_do_not_fit_are_refused_by_the_name_of_the_tensor(string tensor, int? values, string expected)
    {
        Dictionary<string, (long[] Shape, float[] Values)> all = SafetensorsFile.ReadAll(
            Parity.File("methods/adaclip/pretrained_tiny.safetensors")
        );
        all.Remove(tensor);
        if (values is { } count)
            all[tensor] = ([count], new float[count]);
        string path = _folder.File("changed.safetensors");
        SafetensorsFile.Write(path, all);
        using ClipWeights clip = ClipWeights.Open(Parity.File("tiny/clip-tiny.safetensors"), 4, 4);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => AdaClipCheckpoint.Open(path, clip));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_containers_hold_the_same_weights()
    {
        using ClipWeights clip = ClipWeights.Open(Parity.File("tiny/clip-tiny.safetensors"), 4, 4);

        AdaClipCheckpoint pickled = AdaClipCheckpoint.Open(Parity.File($"methods/{Checkpoint}"), clip),
            safe = AdaClipCheckpoint.Open(Parity.File("methods/adaclip/pretrained_tiny.safetensors"), clip);

        Assert.Equal((3, 5), (pickled.Blocks, pickled.Rows));
        Assert.Equal(safe.Weights.Count, pickled.Weights.Count);
        Assert.All(safe.Weights, w => Assert.Equal(w.Value, pickled.Weights[w.Key]));
    }

    [Fact]
    public void Options_that_adaclip_cannot_have_are_refused()
    {
        ImportOptions options = new()
        {
            Clip = Parity.File("tiny/clip-tiny.safetensors"),
            Checkpoint = Parity.File($"methods/{Checkpoint}"),
            Output = _folder.File("model"),
            Size = 112,
            VisionHeads = 4,
            TextHeads = 4,
        };

        Assert.Contains("leave out --classes", Refused(options with { Classes = ["bottle"] }), StringComparison.Ordinal);
        Assert.Contains("give 4 blocks", Refused(options with { Levels = [8] }), StringComparison.Ordinal);
        string pack = _folder.Write(
            "pack.json",
            """{"default":{"normal":["a {}"],"abnormal":["a bad {}"],"templates":["{}"]},"meanOfRaw":true}"""
        );
        Assert.Contains("has meanOfRaw", Refused(options with { Prompts = pack }), StringComparison.Ordinal);

        static string Refused(ImportOptions options) =>
            Assert.Throws<InvalidDataException>(() => ModelImporter.Import(options, cancellation: Cancellation)).Message;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Package() => TinyPackage.Method("adaclip", Checkpoint);

    private static double Logit(double probability) => Math.Log(probability / (1 - probability));

    // The number of clusters is a setting of model.json.
    private static string FourClusters()
    {
        string copy = TinyPackage.Copy(Package()),
            path = Path.Combine(copy, ModelManifest.FileName);
        JsonNode json = JsonNode.Parse(File.ReadAllText(path))!; // a package's description is an object with these members
        json["method"]!["hybrid"]!["clusters"] = Clusters;
        File.WriteAllText(path, json.ToJsonString());
        return copy;
    }

    private static float Without(Dictionary<string, float[]> found) =>
        ClusteredScore.Probability(found["class"], found["difference"], Options.Temperature);

    // Sum of the squared distances of patches to the centre of their cluster.
    private static double Spread(float[] patches, int[] labels) =>
        patches
            .Chunk(patches.Length / labels.Length)
            .Zip(labels)
            .GroupBy(p => p.Second, p => p.First)
            .Sum(cluster =>
                Enumerable
                    .Range(0, patches.Length / labels.Length)
                    .Sum(d =>
                    {
                        double mean = cluster.Average(p => (double)p[d]);
                        return cluster.Sum(p => (p[d] - mean) * (p[d] - mean));
                    })
            );

    private static float[] Sentences(string className)
    {
        using AnomalyScorer scorer = MethodGolden.Load(Package());
        return scorer.AnchorsOf(className);
    }

    private static Dictionary<string, float[]> Run(int image, string[] outputs) =>
        Run(Golden.Image(image), Sentences(Classes[image]), outputs);

    private static Dictionary<string, float[]> Run(float[] image, float[] sentences, string[] outputs) =>
        TinyGraphs.RunAdaClip(Options, image, sentences, outputs);
}
