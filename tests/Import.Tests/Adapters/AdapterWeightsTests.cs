using AaClip.Import.Adapters;
using AaClip.Import.Clip;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Adapters;

public sealed class AdapterWeightsTests
{
    private const string Remedy = "the adapters were trained for another CLIP model, pass the one they were trained with.";
    private static readonly ClipArchitecture Tiny = new(70, 14, new(64, 8, 4, 256), new(32, 4, 4, 128), 77, 49408, 32);

    [Fact]
    public void A_training_folder_holds_the_same_adapters_as_safetensors()
    {
        using ScratchFolder folder = TrainingFolder(
            ("image_adapter_0.pth", "image_adapter_0.pth"),
            ("text_adapter.pth", "text_adapter.pth")
        );
        using SafetensorsFile expected = SafetensorsFile.Open(Parity.File("tiny/adapters.safetensors"));

        using AdapterWeights? fromFolder = AdapterWeights.Open(folder.Path, Tiny);
        using AdapterWeights? fromFile = AdapterWeights.Open(Parity.File("tiny/adapters.safetensors"), Tiny);

        Assert.NotNull(fromFolder);
        Assert.NotNull(fromFile);
        Assert.Equal(expected.Tensors.Keys.Order(), fromFolder.Tensors.Keys.Order());
        foreach ((string name, StoredTensor tensor) in expected.Tensors)
        {
            Assert.Equal(tensor.ToFloat32(), fromFolder.Read(name));
            Assert.Equal(tensor.ToFloat32(), fromFile.Read(name));
        }

        Assert.Equal((3, 2, true, false), (fromFolder.ImageLayers, fromFolder.TextLayers, fromFolder.HasText, fromFolder.Relu));
        Assert.Equal((0L, 0L), (fromFolder.ImageEpoch, fromFolder.TextEpoch));
        Assert.Null(fromFile.ImageEpoch);
    }

    [Fact]
    public void Optimizer_states_do_not_matter()
    {
        using ScratchFolder folder = TrainingFolder(
            ("text_adapter_after3.pth", "text_adapter.pth"),
            ("image_adapter_0.pth", "image_adapter.pth")
        );

        using AdapterWeights? adapters = AdapterWeights.Open(folder.Path, Tiny);

        Assert.Equal(3L, adapters?.TextEpoch);
        Assert.DoesNotContain(adapters?.Tensors.Keys ?? [], n => n.Contains("optimizer", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(
        null,
        "image_adapter_12.pth (the highest of 2 numbered epochs; image_adapter.pth was not taken); no text_adapter.pth, so the text "
            + "tower stays as it is"
    )]
    [InlineData(3, "image_adapter_3.pth (the epoch asked for); no text_adapter.pth, so the text tower stays as it is")]
    public void The_epoch_asked_for_is_taken_else_the_highest(int? epoch, string expected)
    {
        using ScratchFolder folder = TrainingFolder(
            ("image_adapter_0.pth", "image_adapter_3.pth"),
            ("image_adapter_0.pth", "image_adapter_12.pth"),
            ("image_adapter_0.pth", "image_adapter.pth")
        );
        folder.Write("image_adapter_best.pth", "not a number, not looked at");

        using AdapterWeights? adapters = AdapterWeights.Open(folder.Path, Tiny, epoch);

        Assert.Equal(expected, adapters?.Choice);
        Assert.Equal((false, 0), (adapters?.HasText, adapters?.TextLayers));
    }

    [Fact]
    public void The_unnumbered_file_is_taken_when_there_is_no_other()
    {
        using ScratchFolder folder = TrainingFolder(("image_adapter_0.pth", "image_adapter.pth"), ("text_adapter.pth", "text_adapter.pth"));

        using AdapterWeights? adapters = AdapterWeights.Open(folder.Path, Tiny);

        Assert.Equal("image_adapter.pth (the only one); text_adapter.pth", adapters?.Choice);
    }

    [Fact]
    public void No_path_means_no_adapters() => Assert.Null(AdapterWeights.Open(null, Tiny));

    [Fact]
    public void An_epoch_that_is_not_there_is_refused_with_those_that_are()
    {
        using ScratchFolder folder = TrainingFolder(
            ("image_adapter_0.pth", "image_adapter_3.pth"),
            ("image_adapter_0.pth", "image_adapter_12.pth"),
            ("image_adapter_0.pth", "image_adapter.pth")
        );

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => AdapterWeights.Open(folder.Path, Tiny, 7));

        Assert.Equal(
            $"The folder '{folder.Path}' has no image_adapter_7.pth; it has the epochs 3, 12 and image_adapter.pth: ask for one of "
                + $"these, or for none.",
            refused.Message
        );
    }

    [Fact]
    public void A_folder_without_image_adapters_is_refused()
    {
        using ScratchFolder empty = new();
        using ScratchFolder text = TrainingFolder(("text_adapter.pth", "text_adapter.pth"));

        InvalidDataException none = Assert.Throws<InvalidDataException>(() => AdapterWeights.Open(empty.Path, Tiny));
        InvalidDataException half = Assert.Throws<InvalidDataException>(() => AdapterWeights.Open(text.Path, Tiny));

        Assert.Equal(
            $"The folder '{empty.Path}' has no AA-CLIP checkpoints (image_adapter.pth or image_adapter_N.pth, and "
                + $"text_adapter.pth): give the folder that the training wrote to, or none to use CLIP without adapters.",
            none.Message
        );
        Assert.Equal(
            $"The folder '{text.Path}' has text_adapter.pth, but neither image_adapter.pth nor image_adapter_N.pth: train the image "
                + $"adapters too, which score the patches.",
            half.Message
        );
    }

    [Fact]
    public void Projections_with_LeakyReLU_are_recognised_by_their_names_and_read_under_the_same()
    {
        using ScratchFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> tensors = SafetensorsFile.ReadAll(Parity.File("tiny/adapters.safetensors"));
        string path = Write(
            folder,
            tensors.ToDictionary(
                t => t.Key.Contains("_proj.", StringComparison.Ordinal) ? t.Key.Replace(".fc.", ".fc.0.", StringComparison.Ordinal) : t.Key,
                t => t.Value
            )
        );

        using AdapterWeights? adapters = AdapterWeights.Open(path, Tiny);

        Assert.True(adapters?.Relu);
        Assert.Equal(tensors["image_adapter.seg_proj.2.fc.weight"].Values, adapters?.Read("image_adapter.seg_proj.2.fc.weight"));
    }

    [Fact]
    public void Names_of_both_kinds_in_one_file_are_refused()
    {
        using ScratchFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> tensors = SafetensorsFile.ReadAll(Parity.File("tiny/adapters.safetensors"));
        string path = Write(
            folder,
            tensors.ToDictionary(t => t.Key.Replace("det_proj.fc.", "det_proj.fc.0.", StringComparison.Ordinal), t => t.Value)
        );

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => AdapterWeights.Open(path, Tiny));

        Assert.Equal(
            $"Tensor 'image_adapter.seg_proj.0.fc.0.weight' is missing in '{path}': pass checkpoints of AA-CLIP's training, with "
                + $"image adapters.",
            refused.Message
        );
    }

    [Fact]
    public void A_tensor_that_adapters_have_not_is_refused()
    {
        using ScratchFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> tensors = SafetensorsFile.ReadAll(Parity.File("tiny/adapters.safetensors"));
        tensors.Add("image_adapter.seg_proj.4.fc.weight", tensors["image_adapter.seg_proj.3.fc.weight"]);
        string path = Write(folder, tensors);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => AdapterWeights.Open(path, Tiny));

        Assert.Equal(
            $"'{path}' has 1 tensors that AA-CLIP's adapters have not, such as 'image_adapter.seg_proj.4.fc.weight': pass "
                + $"checkpoints of AA-CLIP's training.",
            refused.Message
        );
    }

    [Fact]
    public void Adapters_of_another_width_or_depth_are_refused()
    {
        string path = Parity.File("tiny/adapters.safetensors");
        ClipArchitecture wider = Tiny with { Vision = Tiny.Vision with { Width = 128 } };
        ClipArchitecture shallow = Tiny with { Text = Tiny.Text with { Layers = 1 } };

        InvalidDataException width = Assert.Throws<InvalidDataException>(() => AdapterWeights.Open(path, wider));
        InvalidDataException depth = Assert.Throws<InvalidDataException>(() => AdapterWeights.Open(path, shallow));

        Assert.Equal(
            $"Tensor 'image_adapter.layer_adapters.0.fc.0.weight' in '{path}' has shape [64, 64], expected [128, 128]: {Remedy}",
            width.Message
        );
        Assert.Equal($"'{path}' adapts 3 vision and 2 text blocks, but the CLIP model has 8 and 1: {Remedy}", depth.Message);
    }

    [Fact]
    public void An_epoch_of_a_single_file_is_an_argument_error() =>
        Assert.Throws<ArgumentException>(() => AdapterWeights.Open(Parity.File("tiny/adapters.safetensors"), Tiny, 3));

    private static ScratchFolder TrainingFolder(params (string Golden, string Name)[] files)
    {
        ScratchFolder folder = new();
        foreach ((string golden, string name) in files)
            File.Copy(Parity.File($"tiny/checkpoints/{golden}"), folder.File(name));
        return folder;
    }

    private static string Write(ScratchFolder folder, Dictionary<string, (long[] Shape, float[] Values)> tensors)
    {
        SafetensorsFile.Write(folder.File("adapters.safetensors"), tensors);
        return folder.File("adapters.safetensors");
    }
}
