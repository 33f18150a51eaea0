using System.Diagnostics;
using System.Globalization;
using AaClip.Import.Clip;
using AaClip.Import.Packages;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Import.Tests.Packages;

/// <summary>Imports that cannot succeed: each says why, and leaves nothing.</summary>
public sealed class RefusedImportTests : IDisposable
{
    private readonly ScratchFolder _sources = new();
    private readonly ScratchFolder _folder = new();

    private ImportOptions Options => TinyPackage.RandomOptions(_folder.File("model"));

    public void Dispose()
    {
        _sources.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void An_output_that_exists_is_left_alone()
    {
        string file = _folder.Write("model", "mine");

        IOException e = Assert.Throws<IOException>(() => Import(Options));

        Assert.Contains($"'{file}' exists already, and a package never changes: choose another --out", e.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(file));
    }

    [Theory]
    [InlineData(100, "--size 100 is not a positive multiple of the model's patch of 14 pixels: take 98 or 112.")]
    [InlineData(5, "pixels: take 14.")]
    [InlineData(0, "pixels: take 14.")]
    [InlineData(-14, "pixels: take 14.")]
    public void A_size_off_the_grid_is_refused_with_its_neighbours(int size, string expected) =>
        Refused(Options with { Size = size }, expected);

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, "--levels 1,2,3 cannot be used: give 4 blocks in rising order, from 1 to 4.")]
    [InlineData(new[] { 0, 1, 2, 3 }, "cannot be used")]
    [InlineData(new[] { 1, 2, 3, 5 }, "cannot be used")]
    [InlineData(new[] { 1, 3, 2, 4 }, "cannot be used")]
    [InlineData(new[] { 1, 2, 2, 4 }, "cannot be used")]
    public void Levels_that_are_no_rising_blocks_are_refused(int[] levels, string expected) =>
        Refused(Options with { Levels = levels }, expected);

    [Theory]
    [InlineData(1.5, 0.1, "--image-share is 1.5, expected 0 to 1.")]
    [InlineData(0.1, -0.1, "--text-share is -0.1, expected 0 to 1.")]
    [InlineData(double.NaN, 0.1, "--image-share is NaN, expected 0 to 1.")]
    public void A_share_beyond_one_is_refused(double image, double text, string expected) =>
        Refused(Options with { ImageShare = image, TextShare = text }, expected);

    [Theory]
    [InlineData("a/b", null, "--name 'a/b' cannot be used")]
    [InlineData("..", null, "--name '..' cannot be used")]
    [InlineData("", null, "--name '' cannot be used")]
    [InlineData(null, "1#2", "--model-version '1#2' cannot be used")]
    public void A_name_that_no_blob_can_have_is_refused(string? name, string? version, string expected) =>
        Refused(Options with { Name = name, Version = version }, expected);

    [Fact]
    public void Heads_that_do_not_divide_the_width_are_refused() =>
        Refused(Options with { VisionHeads = 7 }, "width 64, which 7 attention heads (vision_config) do not divide");

    [Fact]
    public void Without_a_vocabulary_beside_the_weights_one_is_asked_for()
    {
        string clip = _sources.File("clip.safetensors");
        File.Copy(Options.Clip, clip);

        FileNotFoundException e = Assert.Throws<FileNotFoundException>(() => Import(Options with { Clip = clip, Vocabulary = null }));

        Assert.Contains($"No vocabulary beside '{clip}'", e.Message, StringComparison.Ordinal);
        Assert.Contains("--vocab", e.Message, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Fact]
    public void A_vocabulary_beside_the_weights_is_found()
    {
        ModelPackage package = Import(Options with { Vocabulary = null });

        Assert.Contains("tokenizer/bpe_simple_vocab_16e6.txt.gz", package.Manifest.Files.Keys);
    }

    [Fact]
    public void A_vocabulary_of_another_model_is_refused()
    {
        string words = _sources.File("words.txt");
        VocabularyTrainer.Train(["a photo of a cat"], 5, words);

        Refused(Options with { Vocabulary = words }, "has 5 merges, but a vocabulary of");
    }

    [Fact]
    public void A_class_that_cannot_stand_in_a_prompt_is_refused()
    {
        ArgumentException unknown = Assert.Throws<ClassNameException>(() => Import(Options with { Classes = ["MVTec/teapot"] }));
        ArgumentException endless = Assert.Throws<ClassNameException>(() =>
            Import(Options with { Classes = [string.Concat(Enumerable.Repeat("gear ", 60))] })
        );

        Assert.Contains("The data set MVTec has no class 'teapot'", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("tokens", endless.Message, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Fact]
    public void Adapters_of_another_model_are_refused()
    {
        // RandomOptions names adapters
        string adapters = Changed(Options.Adapters!, "image_adapter.det_proj.fc.weight", _ => ([32, 128], new float[32 * 128]));

        Refused(
            Options with
            {
                Adapters = adapters,
            },
            "has shape [32, 128], expected [32, 64]: the adapters were trained for another CLIP model"
        );
    }

    [Theory]
    [InlineData("visual.transformer.resblocks.2.mlp.c_proj.weight", float.NaN, Precision.Fp32)]
    [InlineData("visual.transformer.resblocks.2.mlp.c_proj.weight", float.NaN, Precision.Int8)] // would vanish in the quantisation
    [InlineData("visual.transformer.resblocks.2.mlp.c_proj.weight", float.NaN, Precision.Fp16)]
    [InlineData("visual.positional_embedding", float.PositiveInfinity, Precision.Fp32)]
    [InlineData("token_embedding.weight", float.NegativeInfinity, Precision.Fp32)]
    public void Weights_that_are_not_numbers_are_refused_by_name(string tensor, float value, Precision precision)
    {
        string clip = Changed(Options.Clip, tensor, t => (t.Shape, [.. t.Values[..^1], value]));

        Refused(
            Options with
            {
                Clip = clip,
                Precision = precision,
            },
            $"Tensor '{tensor}' in '{clip}' holds values that are not finite numbers"
        );
    }

    [Fact]
    public void Adapters_that_are_not_numbers_are_refused_by_name()
    {
        // RandomOptions names adapters
        string adapters = Changed(Options.Adapters!, "text_adapter.0.fc.0.weight", t => (t.Shape, [float.NaN, .. t.Values[1..]]));

        Refused(
            Options with
            {
                Adapters = adapters,
            },
            $"Tensor 'text_adapter.0.fc.0.weight' in '{adapters}' holds values that are not finite numbers"
        );
    }

    [Fact]
    public void Weights_beyond_float16_are_refused_for_float16_alone()
    {
        string clip = Changed(Options.Clip, "visual.ln_pre.bias", t => (t.Shape, [70000, .. t.Values[1..]]));

        Refused(
            Options with
            {
                Clip = clip,
                Precision = Precision.Fp16,
            },
            "Tensor 'visual.ln_pre.bias' in '" + clip + "' holds values beyond 65500"
        );
        Import(Options with { Clip = clip });
    }

    [Fact]
    public void Numbers_that_overflow_on_the_way_are_refused_by_the_trial()
    {
        string clip = Changed(Options.Clip, "visual.ln_pre.weight", t => (t.Shape, [.. t.Values.Select(_ => 3e38f)]));

        Refused(Options with { Clip = clip }, "gives values that are not numbers");
    }

    [Theory]
    [InlineData("Writing weights", 10)]
    [InlineData("Hashing", 1)]
    [InlineData("Trying", 1)]
    [InlineData("Making anchors", 2)]
    public void Cancelling_leaves_nothing(string step, int reports)
    {
        using CancellationTokenSource source = new();
        int seen = 0;
        Recorder progress = new(p =>
        {
            if (p.Step.StartsWith(step, StringComparison.Ordinal) && ++seen == reports)
                source.Cancel();
        });

        Assert.ThrowsAny<OperationCanceledException>(() =>
            ModelImporter.Import(Options with { Classes = ["bottle", "metal nut", "object"] }, progress, source.Token)
        );

        Assert.Equal(reports, seen);
        AssertNothingLeft();
    }

    [Fact]
    public void What_a_killed_import_left_is_removed_and_what_a_running_one_works_on_is_not()
    {
        string model = Path.GetFileName(Options.Output);
        string dead = _folder.File($".{model}.importing.dead"),
            alive = _folder.File($".{model}.importing.alive"),
            others = _folder.File(".other.importing.abc");
        foreach (string folder in (string[])[dead, alive, others])
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(folder).FullName, "image.weights"), "half");
        File.WriteAllText(dead + ".lock", ""); // nobody holds it any more
        using FileStream held = new(alive + ".lock", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);

        Import(Options);

        Assert.Equal(
            new[] { alive, alive + ".lock", Options.Output, others }.Order(),
            Directory.EnumerateFileSystemEntries(_folder.Path).Order()
        );
    }

    private static ModelPackage Import(ImportOptions options) =>
        ModelImporter.Import(options, cancellation: TestContext.Current.CancellationToken);

    private void Refused(ImportOptions options, string expected)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Import(options));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        AssertNothingLeft();
    }

    private void AssertNothingLeft() => Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));

    private string Changed(string file, string tensor, Func<(long[] Shape, float[] Values), (long[], float[])> change)
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = SafetensorsFile.ReadAll(file);
        tensors[tensor] = change(tensors[tensor]);
        SafetensorsFile.Write(_sources.File(Path.GetFileName(file)), tensors);
        return _sources.File(Path.GetFileName(file));
    }

    private sealed class Recorder(Action<ImportProgress> add) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => add(value);
    }
}
