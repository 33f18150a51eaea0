using System.Text.Json.Nodes;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Scoring;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Import.Tests.Methods;

/// <summary>What packages of all methods have in common.</summary>
public sealed class MethodPackageTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryData<string, string?> Methods =>
        new()
        {
            { "crane", "crane/epoch_5.pth" },
            { "anomalyclip", "anomalyclip/epoch_15.pth" },
            { "anovl", null },
            { "adaclip", "adaclip/pretrained_tiny.pth" },
        };

    /// <summary>Those whose images share a run on CUDA.</summary>
    public static TheoryData<string, string?> Batched => [.. Methods.Where(m => m.Data.Item1 != "adaclip")];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Methods))]
    public void Int8_and_float16_stay_near_float32(string method, string? checkpoint)
    {
        (float[] exact, _, float[] scores) = MethodGolden.Score(TinyPackage.Method(method, checkpoint));
        float range = exact.Max() - exact.Min(); // AnoVL's values all lie near 0.5
        foreach ((Precision precision, double limit) in (ReadOnlySpan<(Precision, double)>)[(Precision.Fp16, 5e-2), (Precision.Int8, 0.25)])
        {
            (float[] maps, _, float[] found) = MethodGolden.Score(TinyPackage.Method(method, checkpoint, precision));

            double error = exact.Zip(maps).Max(p => Math.Abs(p.First - p.Second)) / range;
            Assert.True(error < limit, $"{method} {precision}: map error {error:G3} of its range");
            Close.Assert(scores, found, limit * range, $"{precision} scores");
        }
    }

    [Fact]
    public void Repaired_patches_in_int8_and_float16_stay_near_float32()
    {
        ClipArchitecture small = RandomModel.Small with { Vision = RandomModel.Small.Vision with { Layers = 12 } };
        string sources = Directory.CreateDirectory(_folder.File("sources")).FullName;
        RandomModel.WriteSources(sources, small, imageBlocks: 1, textBlocks: 1);
        (float[] exact, _, float[] scores) = MethodGolden.Score(Package(Precision.Fp32));
        float range = exact.Max() - exact.Min();
        foreach ((Precision precision, double limit) in (ReadOnlySpan<(Precision, double)>)[(Precision.Fp16, 5e-2), (Precision.Int8, 0.25)])
        {
            (float[] maps, _, float[] found) = MethodGolden.Score(Package(precision));

            double error = exact.Zip(maps).Max(p => Math.Abs(p.First - p.Second)) / range;
            Assert.True(error < limit, $"{precision}: map error {error:G3} of its range");
            Close.Assert(scores, found, limit * (scores.Max() - scores.Min()), $"{precision} scores");
        }

        string Package(Precision precision) =>
            ModelImporter
                .Import(
                    RandomModel.Options(sources, small, _folder.File(precision.ToString())) with
                    {
                        Adapters = null,
                        Clean = true,
                        Size = 112,
                        Precision = precision,
                    },
                    cancellation: TestContext.Current.CancellationToken
                )
                .Folder;
    }

    [Theory]
    [MemberData(nameof(Batched))]
    public void An_image_scores_the_same_alone_and_among_others(string method, string? checkpoint)
    {
        using AnomalyScorer scorer = MethodGolden.Load(TinyPackage.Method(method, checkpoint));
        float[] anchors = scorer.AnchorsOf("bottle");
        ModelInput[] inputs = [.. MethodGolden.Images().Select(i => scorer.Prepare(i, anchors, Domain.Industrial))];

        ImageScore[] together = scorer.ScoreTogether(inputs, TestContext.Current.CancellationToken);
        IReadOnlyList<ImageScore> apart = scorer.Score(inputs, TestContext.Current.CancellationToken);

        foreach ((ImageScore one, ImageScore among) in apart.Zip(together))
        {
            Close.Assert(one.Map.Raw.ToArray(), among.Map.Raw.ToArray(), 1e-6, "map");
            Assert.Equal(one.Detection, among.Detection, 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void The_package_says_what_it_is(string method, string? checkpoint)
    {
        ModelPackage package = ModelPackage.Open(TinyPackage.Method(method, checkpoint));

        ModelManifest model = package.Manifest;
        Assert.Equal(method, model.Method.Name);
        Assert.Equal(ModelManifest.CurrentSchema, model.SchemaVersion);
        Assert.Equal(checkpoint is null, model.Files.ContainsKey(ModelPackage.TextGraph));
        Assert.Equal(checkpoint is not null, model.Provenance.Sources.Keys.Any(k => k.StartsWith("prompts/", StringComparison.Ordinal)));
        Assert.True(model.CalibrationFor("bottle").IsNeutral);
        Assert.Equal(0, model.CalibrationFor("bottle").MapShare);
        package.Verify([.. model.Files.Keys]);
    }

    [Fact]
    public void Packages_of_aa_clip_stay_readable_for_older_programs()
    {
        ModelPackage package = ModelPackage.Open(TinyPackage.Reference());

        Assert.Equal(ModelManifest.FirstSchema, package.Manifest.SchemaVersion);
        Assert.Equal(package.Manifest.Files[ModelPackage.ImageWeights].Sha256, package.Manifest.ScoresHash);
        Assert.Equal(
            ModelManifest.CurrentSchema, // its graph takes bytes
            ModelPackage.Open(TinyPackage.Reference(Precision.Fp16)).Manifest.SchemaVersion
        );
        Assert.DoesNotContain("\"method\"", File.ReadAllText(package.PathOf(ModelManifest.FileName)), StringComparison.Ordinal);
        Assert.Same(Method.AaClip, package.Manifest.Method);
    }

    [Fact]
    public void The_checkpoint_tells_its_method()
    {
        Assert.Equal("crane", MethodInfo.Recognise(Parity.File("methods/crane/epoch_5.pth")).Name);
        Assert.Equal("anomalyclip", MethodInfo.Recognise(Parity.File("methods/anomalyclip/epoch_15.pth")).Name);
        Assert.Equal("adaclip", MethodInfo.Recognise(Parity.File("methods/adaclip/pretrained_tiny.pth")).Name);
        Assert.Equal("aa-clip", MethodInfo.Recognise(Parity.File("tiny/adapters.safetensors")).Name);
        Assert.Throws<InvalidDataException>(() => MethodInfo.Recognise(Parity.File("tiny/clip-tiny.safetensors")));
    }

    [Theory]
    [InlineData("crane", null, null, null, "The method crane needs its learned prompts: give --checkpoint. Download: OpenAI's")]
    [InlineData("adaclip", null, null, null, "The method adaclip needs its learned prompts: give --checkpoint. Download: OpenAI's")]
    [InlineData("anovl", "adapters", null, null, "The method anovl has no checkpoint")]
    [InlineData("winclip", null, null, null, "There is no method 'winclip': take aa-clip, crane, anomalyclip, anovl, adaclip")]
    [InlineData("anovl", null, 9, null, "--first-block 9 cannot be used: take a block from 1 to 4")]
    [InlineData(null, null, 1, null, "with a method that has a correlation path")]
    [InlineData(null, null, null, "{}", "is no prompt pack")]
    [InlineData(
        null,
        null,
        null,
        """{"default":{"normal":["a {}"],"abnormal":["a bad {}"],"templates":["{}"]},"classes":[{"called":"x"}]}""",
        "is no prompt pack"
    )]
    [InlineData(
        null,
        null,
        null,
        """{"default":{"normal":["a {}"],"abnormal":["a bad {}"],"templates":["{}"]},"classes":[{"names":["MVTec/botle"]}]}""",
        "The prompt pack has sentences for 'MVTec/botle' that cannot be used"
    )]
    [InlineData(null, null, null, """{"default":{"normal":[],"abnormal":["a {}"],"templates":["{}"]}}""", "The list 'normal'")]
    [InlineData(
        null,
        null,
        null,
        """{"default":{"normal":["a {}"],"abnormal":["a bad {}"],"templates":["{}"]},"classes":[{"names":[]}]}""",
        "without names"
    )]
    public void What_does_not_fit_together_is_refused(string? method, string? checkpoint, int? block, string? pack, string expected)
    {
        ImportOptions options = TinyPackage.RandomOptions(_folder.File("model"));

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() =>
            ModelImporter.Import(
                options with
                {
                    Method = method,
                    Adapters = null,
                    Checkpoint = checkpoint is null ? null : options.Adapters,
                    FirstBlock = block,
                    Prompts = pack is null ? null : _folder.Write("pack.json", pack),
                },
                cancellation: TestContext.Current.CancellationToken
            )
        );

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(options.Output));
    }

    [Fact]
    public void Repairing_needs_an_ordinary_tower_of_enough_blocks()
    {
        ImportOptions options = TinyPackage.RandomOptions(_folder.File("model")) with { Clean = true };

        Assert.Contains("leave out", Refused(options), StringComparison.Ordinal); // has adapters
        Assert.Contains("leave out --levels", Refused(options with { Adapters = null, Levels = [4] }), StringComparison.Ordinal);
        Assert.Contains("12 blocks or more, this one has 4", Refused(options with { Adapters = null }), StringComparison.Ordinal);

        static string Refused(ImportOptions options) =>
            Assert
                .Throws<InvalidDataException>(() => ModelImporter.Import(options, cancellation: TestContext.Current.CancellationToken))
                .Message;
    }

    [Fact]
    public void A_prompt_pack_changes_the_anchors_of_its_classes_only()
    {
        string pack = _folder.Write(
            "pack.json",
            """
            {
              "default": { "normal": ["{}"], "abnormal": ["damaged {}"], "templates": ["a photo of a {}."] },
              "classes": [{ "names": ["bottle"], "prompts":
                { "normal": ["intact {}"], "abnormal": ["{} with a chipped rim"], "templates": ["a photo of a {}."] } }]
            }
            """
        );
        ImportOptions options = TinyPackage.RandomOptions(_folder.File("model")) with { Prompts = pack };

        ModelPackage package = ModelImporter.Import(options, cancellation: TestContext.Current.CancellationToken);

        Assert.True(package.Manifest.Files.ContainsKey(ModelPackage.Prompts));
        Assert.NotEqual(PromptPack.Default.Fingerprint, package.Manifest.Prompts);
        JsonObject without = JsonNode.Parse(File.ReadAllText(pack))!.AsObject(); // an object, see above
        without.Remove("classes");
        ModelPackage plain = ModelImporter.Import(
            options with
            {
                Output = _folder.File("plain"),
                Prompts = _folder.Write("plain.json", without.ToJsonString()),
            },
            cancellation: TestContext.Current.CancellationToken
        );
        using AnomalyScorer scorer = MethodGolden.Load(package.Folder),
            other = MethodGolden.Load(plain.Folder);
        Assert.Equal(other.AnchorsOf("can"), scorer.AnchorsOf("can"));
        Assert.NotEqual(other.AnchorsOf("bottle"), scorer.AnchorsOf("bottle"));
        Assert.Equal(package.Manifest.Files[ModelPackage.ImageWeights], plain.Manifest.Files[ModelPackage.ImageWeights]);
        Assert.NotEqual(package.Manifest.ScoresHash, plain.Manifest.ScoresHash); // stored maps of one are not of the other
        (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = package.ReadPrompts(verify: true).Sentences("bottle");
        Assert.Equal(["a photo of a intact bottle."], normal);
        Assert.Equal(["a photo of a bottle with a chipped rim."], abnormal);
    }
}
