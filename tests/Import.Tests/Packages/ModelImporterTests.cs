using System.Text.Json.Nodes;
using AaClip.Graphs;
using AaClip.Import.Packages;
using AaClip.Import.Tests.Clip;
using AaClip.Scoring;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Packages;

/// <summary>What an import makes, from whichever files the same weights come.</summary>
public sealed class ModelImporterTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Two_imports_of_the_same_files_differ_in_nothing_but_the_time()
    {
        ImportOptions options = TinyPackage.RandomOptions(_folder.File("first")) with { Classes = ["bottle", "MVTec/metal_nut"] };

        ModelPackage first = Import(options);
        ModelPackage second = Import(options with { Output = _folder.File("second") });

        foreach (string file in first.Manifest.Files.Keys)
            Assert.Equal(File.ReadAllBytes(first.PathOf(file)), File.ReadAllBytes(second.PathOf(file)));
        Assert.Equal(WithoutTime(first), WithoutTime(second));
        Assert.Equal(first.Manifest.Id, second.Manifest.Id);
    }

    [Fact]
    public void The_version_changes_with_whatever_a_score_depends_on()
    {
        ImportOptions options = TinyPackage.RandomOptions(_folder.File("a"));

        string[] versions =
        [
            Import(options).Manifest.Version,
            Import(options with { Output = _folder.File("b"), Precision = Precision.Int8 }).Manifest.Version,
            Import(options with { Output = _folder.File("c"), Activation = Activation.QuickGelu }).Manifest.Version,
            Import(options with { Output = _folder.File("d"), ImageShare = 0.2 }).Manifest.Version,
            Import(options with { Output = _folder.File("e"), TextShare = 0.2 }).Manifest.Version,
            Import(options with { Output = _folder.File("f"), Levels = [1, 2, 3, 4], VisionHeads = 8 }).Manifest.Version,
            Import(options with { Output = _folder.File("g"), Size = 126 }).Manifest.Version,
            Import(options with { Output = _folder.File("h"), Adapters = null }).Manifest.Version,
        ];

        Assert.Equal(versions.Length, versions.Distinct().Count());
    }

    [Fact]
    public void The_description_tells_shape_files_and_origin()
    {
        ImportOptions options = TinyPackage.RandomOptions(_folder.File("model")) with
        {
            Name = null,
            Version = "7",
            Classes = ["bottle", "bottle"],
            Precision = Precision.Int8,
        };

        ModelManifest manifest = Import(options).Manifest;

        Assert.Equal("model@7", manifest.Id);
        Assert.Equal(new TowerShape(64, 4, 4, 256), manifest.Architecture.Vision);
        Assert.Equal(new TowerShape(32, 2, 4, 128), manifest.Architecture.Text);
        Assert.Equal(
            (112, 70, 14, 8, 77, 32),
            (
                manifest.Architecture.ImageSize,
                manifest.Architecture.NativeImageSize,
                manifest.Architecture.Patch,
                manifest.Architecture.Grid,
                manifest.Architecture.Context,
                manifest.Architecture.Embed
            )
        );
        Assert.Equal([1, 2, 3, 4], manifest.Architecture.Levels);
        Assert.Equal(new AdapterDescription(2, 0.1, 1, 0.1, Relu: false), manifest.Adapters);
        Assert.Equal(Precision.Int8, manifest.Precision);
        Assert.Equal(["bottle"], manifest.Classes);
        Assert.Equal(
            ["anchors.safetensors", "image.onnx", "image.weights", "text.onnx", "text.weights", "tokenizer/bpe_simple_vocab_16e6.txt.gz"],
            manifest.Files.Keys
        );
        ProvenanceFile clip = manifest.Provenance.Sources["clip/clip.safetensors"];
        Assert.Equal((new FileInfo(options.Clip).Length, PackageFolder.HashOf(options.Clip)), (clip.Bytes, clip.Sha256));
    }

    [Theory]
    [InlineData("model", "model")]
    [InlineData("My model (2)", "My-model--2-")]
    [InlineData(".hidden", "hidden")]
    [InlineData("模型", "model")]
    public void The_folder_names_the_model_in_letters_that_storage_takes(string folder, string expected) =>
        Assert.Equal(expected, Import(TinyPackage.RandomOptions(_folder.File(folder)) with { Name = null }).Manifest.Name);

    [Fact]
    public void Packaged_anchors_are_those_made_on_first_use()
    {
        ModelPackage package = Import(TinyPackage.RandomOptions(_folder.File("model")) with { Classes = ["MVTec/bottle"] });
        using AnomalyScorer packaged = Load(package.Folder);
        using AnomalyScorer made = Load(TinyPackage.Random());

        Dictionary<string, (long[] Shape, float[] Values)> stored = SafetensorsFile.ReadAll(package.PathOf(ModelPackage.Anchors));

        Assert.Equal(["dark bottle"], stored.Keys);
        Assert.Equal(made.AnchorsOf("MVTec/bottle"), stored["dark bottle"].Values);
        Assert.Equal(made.AnchorsOf("MVTec/bottle"), packaged.AnchorsOf("MVTec/bottle"));
    }

    [Fact]
    public void Safetensors_a_state_dictionary_torchscript_and_hugging_face_names_give_the_same_package()
    {
        ImportOptions options = ReferenceOptions("safetensors");
        string huggingFace = Path.Combine(_folder.Path, "hf");
        Directory.CreateDirectory(huggingFace);
        SafetensorsFile.Write(Path.Combine(huggingFace, "model.safetensors"), TestClip.HuggingFace(SafetensorsFile.ReadAll(options.Clip)));
        File.WriteAllText(
            Path.Combine(huggingFace, "config.json"),
            """{"vision_config": {"num_attention_heads": 4}, "text_config": {"num_attention_heads": 4}}"""
        );

        ModelPackage expected = Import(options);
        ModelPackage[] others =
        [
            Import(options with { Output = _folder.File("dictionary"), Clip = Parity.File("tiny/clip-tiny-state-dict.pt") }),
            Import(options with { Output = _folder.File("script"), Clip = Parity.File("tiny/clip-tiny-torchscript.pt") }),
            Import(options with { Output = _folder.File("hugging-face"), Clip = huggingFace, VisionHeads = null, TextHeads = null }),
        ];

        foreach (ModelPackage other in others)
        {
            Assert.Equal(expected.Manifest.Files, other.Manifest.Files);
            Assert.Equal(expected.Manifest.Version, other.Manifest.Version);
        }
    }

    [Fact]
    public void Adapters_from_the_training_folder_equal_those_from_one_file()
    {
        ImportOptions options = ReferenceOptions("file");
        string checkpoints = Path.GetDirectoryName(Parity.File("tiny/checkpoints/image_adapter_0.pth"))!; // a file has a folder

        ModelPackage file = Import(options);
        ModelPackage folder = Import(options with { Output = _folder.File("folder"), Adapters = checkpoints, Epoch = 0 });

        Assert.Equal(file.Manifest.Files, folder.Manifest.Files);
        Assert.Equal(
            ["adapters/image_adapter_0.pth", "adapters/text_adapter.pth", "clip/clip-tiny.safetensors"],
            folder.Manifest.Provenance.Sources.Keys.Order()
        );
    }

    [Fact]
    public void A_leaky_relu_behind_the_projections_is_taken_from_the_names()
    {
        // RandomOptions names adapters
        Dictionary<string, (long[] Shape, float[] Values)> adapters = SafetensorsFile.ReadAll(TinyPackage.RandomOptions("").Adapters!);
        string relu = _folder.File("relu.safetensors");
        SafetensorsFile.Write(
            relu,
            adapters.ToDictionary(
                t =>
                    t.Key.Contains("_proj", StringComparison.Ordinal)
                        ? t.Key.Replace(".fc.weight", ".fc.0.weight", StringComparison.Ordinal)
                        : t.Key,
                t => t.Value
            )
        );

        ModelPackage package = Import(TinyPackage.RandomOptions(_folder.File("model")) with { Adapters = relu });
        using AnomalyScorer with = Load(package.Folder);
        using AnomalyScorer without = Load(TinyPackage.Random());

        Assert.True(package.Manifest.Adapters!.Relu); // there are adapters
        Assert.NotEqual(Score(without), Score(with));
        Assert.Equal(without.AnchorsOf("bottle"), with.AnchorsOf("bottle"));
    }

    [Fact]
    public void Adapters_of_the_image_tower_alone_leave_the_text_tower_plain()
    {
        ModelPackage images = Import(
            TinyPackage.RandomOptions(_folder.File("images")) with
            {
                Adapters = Adapters("images", n => n.StartsWith("image_adapter.", StringComparison.Ordinal)),
            }
        );
        ModelPackage plain = Import(TinyPackage.RandomOptions(_folder.File("plain")) with { Adapters = null });
        ModelPackage both = ModelPackage.Open(TinyPackage.Random());

        Assert.Equal(plain.Manifest.Files[ModelPackage.TextWeights], images.Manifest.Files[ModelPackage.TextWeights]);
        Assert.Equal(both.Manifest.Files[ModelPackage.ImageWeights], images.Manifest.Files[ModelPackage.ImageWeights]);
        Assert.Equal(0, images.Manifest.Adapters!.TextBlocks); // there are adapters
    }

    [Fact]
    public void Projections_are_kept_where_adapters_mix_into_no_block()
    {
        string onlyProjections = Adapters("projections", n => n.Contains("_proj.", StringComparison.Ordinal));
        SafetensorsFile.Write(
            onlyProjections,
            SafetensorsFile
                .ReadAll(onlyProjections)
                .Append(
                    new(
                        "text_adapter.0.fc.0.weight",
                        (
                            [32, 32],
                            new float[1024]
                                .Select((_, i) => i % 33 == 0 ? 1f : 0)
                                .ToArray()
                        )
                    )
                )
        );

        ModelPackage package = Import(TinyPackage.RandomOptions(_folder.File("model")) with { Adapters = onlyProjections });
        string[] image = [.. GraphTensors.Read(package.PathOf(ModelPackage.ImageGraph)).Select(t => t.Name)];
        string[] text = [.. GraphTensors.Read(package.PathOf(ModelPackage.TextGraph)).Select(t => t.Name)];

        Assert.Contains("image_adapter.seg_proj.3.fc.weight", image);
        Assert.DoesNotContain("visual.proj", image);
        Assert.Contains("text_adapter.0.fc.0.weight", text);
        Assert.DoesNotContain("text_projection", text);
    }

    [Theory]
    [InlineData("words.gz", "bpe_simple_vocab_16e6.txt.gz")]
    [InlineData("words.txt", "bpe_simple_vocab_16e6.txt")]
    public void A_vocabulary_may_have_any_name(string name, string stored)
    {
        byte[] packed = File.ReadAllBytes(Path.Combine(TinyPackage.RandomSources, "bpe_simple_vocab_16e6.txt.gz"));
        string vocabulary = _folder.Write(name, name.EndsWith(".gz", StringComparison.Ordinal) ? packed : Unpack(packed));

        ModelPackage package = Import(TinyPackage.RandomOptions(_folder.File("model")) with { Vocabulary = vocabulary });
        using AnomalyScorer scorer = Load(package.Folder);
        using AnomalyScorer usual = Load(TinyPackage.Random());

        Assert.Contains($"tokenizer/{stored}", package.Manifest.Files.Keys);
        Assert.Equal(usual.AnchorsOf("bottle"), scorer.AnchorsOf("bottle"));
    }

    [Fact]
    public void The_graphs_list_their_tensors_with_type_shape_and_size()
    {
        string package = TinyPackage.Random(Precision.Int8);

        IReadOnlyList<GraphTensor> image = GraphTensors.Read(Path.Combine(package, ModelPackage.ImageGraph));
        IReadOnlyList<GraphTensor> text = GraphTensors.Read(Path.Combine(package, ModelPackage.TextGraph));

        GraphTensor fc = Assert.Single(image, t => t.Name == "visual.transformer.resblocks.0.mlp.c_fc.weight");
        Assert.Equal(("Int8", 64 * 256L), (fc.Type, fc.Bytes));
        Assert.Equal([64L, 256L], fc.Shape);
        GraphTensor scale = Assert.Single(image, t => t.Name == "visual.transformer.resblocks.0.mlp.c_fc.weight.scale");
        Assert.Equal(("Float", 256 * 4L), (scale.Type, scale.Bytes));
        Assert.Single(text, t => t.Name == "positional_embedding" && t.Bytes == 77 * 32 * 4);
        Assert.Throws<InvalidDataException>(() => GraphTensors.Read(_folder.Write("junk.onnx", [1, 2, 3, 4])));
    }

    [Fact]
    public void Progress_never_runs_backwards_and_ends_complete()
    {
        List<ImportProgress> steps = [];

        ModelImporter.Import(
            TinyPackage.RandomOptions(_folder.File("model")) with
            {
                Classes = ["bottle"],
            },
            new Recorder(steps.Add),
            TestContext.Current.CancellationToken
        );

        ImportProgress[] weights = [.. steps.Where(s => s.Step == "Writing weights")];
        Assert.True(weights.Length > 50);
        Assert.All(weights.Zip(weights.Skip(1)), p => Assert.True(p.Second.Done >= p.First.Done && p.Second.Done <= p.Second.Total));
        Assert.Contains(steps, s => s.Step == "Hashing clip.safetensors");
        Assert.Contains(steps, s => s.Step == "Making anchors for 'bottle'");
    }

    private static ModelPackage Import(ImportOptions options) =>
        ModelImporter.Import(options, cancellation: TestContext.Current.CancellationToken);

    private static AnomalyScorer Load(string package) =>
        AnomalyScorer.Load(package, new ScorerOptions { Provider = Provider.Cpu, CacheFolder = TinyPackage.Cache });

    private static float[] Score(AnomalyScorer scorer) =>
        scorer.Score(Pictures.Draw(1), "bottle", cancellation: TestContext.Current.CancellationToken).Map.Raw.ToArray();

    private static string WithoutTime(ModelPackage package)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(Path.Combine(package.Folder, ModelManifest.FileName)))!; // just written
        Assert.True(json["provenance"]!.AsObject().Remove("writtenAt"));
        return json.ToJsonString();
    }

    private static byte[] Unpack(byte[] packed)
    {
        using System.IO.Compression.GZipStream stream = new(new MemoryStream(packed), System.IO.Compression.CompressionMode.Decompress);
        using MemoryStream plain = new();
        stream.CopyTo(plain);
        return plain.ToArray();
    }

    private string Adapters(string name, Func<string, bool> wanted)
    {
        string path = _folder.File($"{name}.safetensors");
        // RandomOptions names adapters
        SafetensorsFile.Write(path, SafetensorsFile.ReadAll(TinyPackage.RandomOptions("").Adapters!).Where(t => wanted(t.Key)));
        return path;
    }

    private ImportOptions ReferenceOptions(string output) =>
        new()
        {
            Clip = Parity.File("tiny/clip-tiny.safetensors"),
            Adapters = Parity.File("tiny/adapters.safetensors"),
            Vocabulary = Parity.File("tokenizer/bpe_simple_vocab_16e6.txt.gz"),
            Output = _folder.File(output),
            Name = "tiny",
            Size = 112,
            VisionHeads = 4,
            TextHeads = 4,
        };

    private sealed class Recorder(Action<ImportProgress> add) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => add(value);
    }
}
