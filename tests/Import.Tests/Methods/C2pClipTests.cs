using System.IO.Compression;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Import.Tests.Graphs;
using AaClip.Import.Tests.Torch;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Methods;

/// <summary>
/// C2P-CLIP against the numbers of its published modules on a small model (parity/methods/c2p-clip; limits as its README gives them), and
/// the forms in which its weights come.
/// </summary>
public sealed class C2pClipTests : IDisposable
{
    private const double Limit = 2e-5;
    private const string Released = "methods/c2p-clip/C2P_CLIP_tiny.zip",
        Trained = "methods/c2p-clip/model_epoch_0_lora_tiny.pth";

    private static readonly Dictionary<string, string> Pictures = new()
    {
        ["defect000"] = "tiny/dataset/e2e/bottle/test/defect/000.png",
        ["good005"] = "tiny/dataset/e2e/bottle/test/good/005.png",
        ["wide"] = "resize/decoded-02-rgb-1024x333.png",
        ["tall"] = "resize/decoded-01-rgb-37x211.png",
    };

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("defect000")]
    [InlineData("good005")]
    [InlineData("wide")]
    [InlineData("tall")]
    public void A_picture_is_resized_and_cut_to_the_same_bytes_as_by_torchvision(string name)
    {
        (_, byte[] cropped) = Bytes($"{name}.cropped_u8");

        RgbImage square = Resampling.CentreSquare(Picture(name), 70, ResizeFilter.Bilinear);

        Assert.Equal((70, 70), (square.Width, square.Height));
        Assert.Equal(cropped, square.Pixels);
    }

    [Theory]
    [InlineData("defect000")]
    [InlineData("wide")]
    [InlineData("tall")]
    public void The_square_is_the_middle_of_the_whole_resized_picture(string name)
    {
        (long[] shape, byte[] resized) = Bytes($"{name}.resized_u8"); // [rows, columns, 3]
        RgbImage picture = Picture(name);

        RgbImage whole = Resampling.Resize(picture, (int)shape[1], (int)shape[0], ResizeFilter.Bilinear);

        Assert.Equal(resized, whole.Pixels);
        Assert.Equal(70, Math.Min(whole.Width, whole.Height));
    }

    [Theory]
    [InlineData("defect000")]
    [InlineData("good005")]
    [InlineData("wide")]
    [InlineData("tall")]
    public void At_the_published_size_the_input_has_the_published_sums_and_corner(string name)
    {
        Preprocessor preprocessor = new(
            new Preprocessing
            {
                Size = 224,
                Filter = ResizeFilter.Bilinear,
                Fit = ImageFit.CentreCrop,
            }
        );
        float[] input = new float[preprocessor.Length];

        preprocessor.Write(Picture(name), input);

        float[] corner = Golden[$"{name}.224.tensor_corner"].Values;
        float[] found = [.. Enumerable.Range(0, 3 * 64).Select(i => input[i / 64 * 224 * 224 + i / 8 % 8 * 224 + i % 8])];
        Close.Assert(corner, found, 1e-6, name);
        float[] sums = Golden[$"{name}.224.tensor_sum"].Values;
        for (int channel = 0; channel < 3; channel++)
            Assert.Equal(sums[channel], input.AsSpan(channel * 224 * 224, 224 * 224).ToArray().Sum(v => (double)v), 0.02);
    }

    [Fact]
    public void Every_block_the_feature_and_the_logit_are_those_of_the_published_code()
    {
        using C2pClip weights = C2pClip.Open(Parity.File(Released), heads: 4);
        string[] taps =
        [
            "/visual/ln_pre",
            .. Enumerable.Range(0, 8).Select(b => $"/visual/blocks.{b}/out"),
            "/head/ln_post",
            "/head/feature",
            "/head/unit",
        ];

        Dictionary<string, float[]> found = TinyGraphs.RunCheck(
            weights.Architecture,
            weights.Read,
            Golden["defect000.pixel_values"].Values,
            [.. taps, "logit"]
        );

        Assert.Equal(new VisionArchitecture(70, 14, new TowerShape(64, 8, 4, 256), 32), weights.Architecture);
        Check("ln_pre", taps[0]);
        for (int block = 0; block < 8; block++)
            Check($"block{block}.out", taps[1 + block]);
        Check("pooled", "/head/ln_post");
        Check("image_features", "/head/feature");
        Check("unit", "/head/unit");
        Check("logit", "logit");

        void Check(string golden, string tap) => Close.AssertRelative(Golden[$"defect000.{golden}"].Values, found[tap], Limit, golden);
    }

    [Theory]
    [InlineData(Released, null)]
    [InlineData(Trained, 6.0)]
    public void Both_forms_give_the_published_probabilities(string file, double? alpha)
    {
        using PictureCheck check = Load(Import(file, alpha));

        foreach (string name in Pictures.Keys)
        {
            float[] input = check.Prepare(Picture(name));
            Close.Assert(Golden[$"{name}.pixel_values"].Values, input, 1e-6, name);
            Assert.Equal(Golden[$"{name}.logit"].Values[0], check.Logit(input, TestContext.Current.CancellationToken), Limit);
            Assert.Equal(Golden[$"{name}.prob"].Values[0], check.Probability(input, TestContext.Current.CancellationToken), Limit);
        }
    }

    [Fact]
    public void Merged_and_unmerged_weights_are_the_same()
    {
        using C2pClip merged = C2pClip.Open(Parity.File(Released), heads: 4);
        using C2pClip unmerged = C2pClip.Open(Parity.File(Trained), loraAlpha: 6, heads: 4);

        foreach (string part in (string[])["attn.in_proj_weight", "attn.in_proj_bias", "attn.out_proj.weight", "mlp.c_fc.weight"])
        {
            string name = $"visual.transformer.resblocks.5.{part}";
            Close.Assert(merged.Read(name), unmerged.Read(name), 1e-6, name);
        }
    }

    [Fact]
    public void Another_alpha_gives_another_model()
    {
        using C2pClip six = C2pClip.Open(Parity.File(Trained), loraAlpha: 6, heads: 4);
        using C2pClip none = C2pClip.Open(Parity.File(Trained), loraAlpha: 1e-9, heads: 4);
        const string Name = "visual.transformer.resblocks.0.attn.in_proj_weight";

        float apart = six.Read(Name).Zip(none.Read(Name)).Max(p => Math.Abs(p.First - p.Second));

        Assert.True(apart > 1e-3, $"{apart}");
    }

    [Fact]
    public void The_package_says_what_it_is_and_where_it_came_from()
    {
        string folder = Import(Trained, 6, "c2p");

        CheckPackage package = CheckPackage.Open(folder);

        Assert.Equal("c2p", package.Id.Name);
        Assert.Equal("check", package.Manifest.Kind);
        Assert.Equal(6, package.Manifest.LoraAlpha);
        Assert.Equal(Activation.QuickGelu, package.Manifest.Activation);
        Assert.Equal((70, ImageFit.CentreCrop), (package.Manifest.Preprocessing.Size, package.Manifest.Preprocessing.Fit));
        Assert.Equal([CheckPackage.Graph, CheckPackage.Weights], package.Manifest.Files.Keys);
        ProvenanceFile source = Assert.Single(package.Manifest.Provenance.Sources).Value;
        Assert.Equal(PackageFolder.HashOf(Parity.File(Trained)), source.Sha256);
        package.Content.Verify([.. package.Manifest.Files.Keys]);
        Assert.Equal([folder], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(folder)!)); // a folder has a parent
    }

    [Fact]
    public void The_same_file_gives_the_same_version()
    {
        ModelId first = CheckPackage.Open(Import(Released, null, "one")).Id,
            second = CheckPackage.Open(Import(Released, null, "two")).Id;

        Assert.Equal(first.Version, second.Version);
    }

    [Fact]
    public void Int8_stays_near_the_published_probability()
    {
        using PictureCheck check = Load(Import(Released, null, "int8", Precision.Int8));

        Assert.All(
            Pictures.Keys,
            name =>
                Assert.Equal(
                    Golden[$"{name}.prob"].Values[0],
                    check.Probability(check.Prepare(Picture(name)), TestContext.Current.CancellationToken),
                    0.05
                )
        );
    }

    [Fact]
    public void A_model_that_scores_images_is_refused_as_a_check_and_the_other_way_round()
    {
        string check = Import(Released, null);

        string asModel = Assert.Throws<InvalidDataException>(() => AnomalyScorer.Load(check)).Message;
        string asCheck = Assert.Throws<InvalidDataException>(() => PictureCheck.Load(TinyPackage.Random())).Message;

        Assert.Contains("describes a check for generated pictures, not a model that scores images", asModel, StringComparison.Ordinal);
        Assert.Contains("describes a model that scores images, not a check for generated pictures", asCheck, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kind_of_a_newer_program_is_refused()
    {
        string folder = TinyPackage.Copy(Import(Released, null)),
            manifest = Path.Combine(folder, ModelManifest.FileName);
        File.WriteAllText(
            manifest,
            File.ReadAllText(manifest).Replace("\"kind\": \"check\"", "\"kind\": \"sound\"", StringComparison.Ordinal)
        );

        Assert.Contains(
            "of the kind 'sound', which this program does not know",
            Wrong(() => CheckPackage.Open(folder)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "of the kind 'sound', which this program does not know",
            Wrong(() => ModelPackage.Open(folder)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_changed_weight_is_refused()
    {
        string folder = TinyPackage.Copy(Import(Released, null)),
            weights = Path.Combine(folder, CheckPackage.Weights);
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^5] ^= 1;
        File.WriteAllBytes(weights, bytes);

        Assert.Contains("the file was changed or damaged", Wrong(() => PictureCheck.Load(folder)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Trained, null, "has LoRA layers of rank 6 that are not merged")]
    [InlineData(Released, 6.0, "has no LoRA layers that could be merged: leave out --lora-alpha")]
    [InlineData("tiny/clip-tiny.safetensors", null, "is not a C2P-CLIP model")]
    public void A_file_of_another_kind_is_refused(string file, double? alpha, string reason)
    {
        string path = Parity.File(file);

        Assert.Contains(reason, Wrong(() => C2pClip.Open(path, alpha, 4)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_the_last_layer_or_with_a_wider_one_is_refused()
    {
        Assert.Contains(
            "1 tensor is missing ('model.fc.weight')",
            Wrong(Changed(s => s.Remove("model.fc.weight"))),
            StringComparison.Ordinal
        );
        Assert.Contains("expected [1, 32]", Wrong(Changed(s => s["model.fc.weight"] = ([1, 33], new float[33]))), StringComparison.Ordinal);
        Assert.Contains("('model.extra.weight')", Wrong(Changed(s => s["model.extra.weight"] = ([1], [1]))), StringComparison.Ordinal);

        Action Changed(Action<Dictionary<string, (long[] Shape, float[] Values)>> change)
        {
            Dictionary<string, (long[] Shape, float[] Values)> tensors = [];
            using (Checkpoint checkpoint = Checkpoint.Open(Parity.File(Released)))
                foreach ((string name, StoredTensor tensor) in checkpoint.Tensors)
                    tensors[name] = ([.. tensor.Shape], tensor.ToFloat32());
            change(tensors);
            string path = _folder.File($"{Guid.NewGuid():N}.safetensors");
            SafetensorsFile.Write(path, tensors);
            return () => C2pClip.Open(path, heads: 4);
        }
    }

    [Fact]
    public void A_cancelled_import_leaves_nothing()
    {
        using CancellationTokenSource source = new();
        source.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => CheckImporter.Import(Options(Released, null, "gone"), null, source.Token));

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_zip_file_around_a_checkpoint_is_read_stored_or_packed_with_what_a_Mac_adds()
    {
        byte[] inner = Inner();
        foreach (bool packed in (bool[])[false, true])
        {
            string path = Zip(packed, ("folder/", []), ("folder/c2p.pth", inner), ("__MACOSX/folder/._c2p.pth", [1, 2]));

            using C2pClip weights = C2pClip.Open(path, heads: 4);

            Assert.Equal(path, weights.Path);
            Assert.Equal([path], weights.Files);
        }
    }

    [Fact]
    public void A_zip_file_around_something_else_or_a_damaged_one_is_refused()
    {
        byte[] inner = Inner();
        string two = Zip(true, ("a.pth", inner), ("b.pth", inner)),
            text = Zip(true, ("a.pth", [.. Enumerable.Repeat((byte)'x', 1000)])),
            cut = Zip(true, ("a.pth", inner));
        byte[] bytes = File.ReadAllBytes(cut);
        bytes.AsSpan(5000, 2000).Clear();
        File.WriteAllBytes(cut, bytes);
        Assert.Contains("has no 'data.pkl'", Wrong(() => C2pClip.Open(two)), StringComparison.Ordinal);
        Assert.Contains("is not a checkpoint", Wrong(() => C2pClip.Open(text)), StringComparison.Ordinal);
        Assert.ThrowsAny<InvalidDataException>(() => C2pClip.Open(cut, heads: 4));
    }

    private static Dictionary<string, (long[] Shape, float[] Values)> Golden =>
        field ??= SafetensorsFile.ReadAll(Parity.File("methods/c2p-clip/golden-c2p.safetensors"));

    private static (long[] Shape, byte[] Values) Bytes(string name)
    {
        (long[] shape, float[] values) = Golden[name];
        return (shape, [.. values.Select(v => (byte)v)]);
    }

    private static RgbImage Picture(string name) =>
        ImageDecoder.DecodeFile(Parity.File(Pictures[name]), new DecodeOptions { Parity = true }).Image;

    private static PictureCheck Load(string folder) => PictureCheck.Load(folder, new ScorerOptions { Provider = Provider.Cpu });

    private string Import(string file, double? alpha, string name = "check", Precision precision = Precision.Fp32) =>
        CheckImporter.Import(Options(file, alpha, name) with { Precision = precision }).Content.Folder;

    private CheckImportOptions Options(string file, double? alpha, string name) =>
        new()
        {
            Check = Parity.File(file),
            LoraAlpha = alpha,
            Heads = 4,
            Output = _folder.File(name),
        };

    private static byte[] Inner()
    {
        using ZipArchive zip = ZipFile.OpenRead(Parity.File(Released));
        using Stream entry = zip.Entries.Single().Open();
        using MemoryStream content = new();
        entry.CopyTo(content);
        return content.ToArray();
    }

    private string Zip(bool packed, params (string Name, byte[] Content)[] entries)
    {
        string path = _folder.File($"{Guid.NewGuid():N}.zip");
        File.WriteAllBytes(path, TestZip.Of(entries, deflate: packed ? _ => true : null));
        return path;
    }

    private static string Wrong(Action open) => Assert.ThrowsAny<InvalidDataException>(open).Message;
}
