using AaClip.Import.Clip;
using AaClip.Import.Tests.Torch;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Clip;

public sealed class ClipWeightsTests
{
    private const string Remedy = "pass a ViT CLIP model, such as ViT-L-14-336px.pt.";

    [Fact]
    public void The_architecture_comes_from_the_shapes()
    {
        string path = Parity.File("tiny/clip-tiny.safetensors");

        using ClipWeights clip = ClipWeights.Open(path, visionHeads: 4, textHeads: 4);

        Assert.Equal(new ClipArchitecture(70, 14, new(64, 8, 4, 256), new(32, 4, 4, 128), 77, 49408, 32), clip.Architecture);
        Assert.Equal(5, clip.Architecture.Grid);
        Assert.Equal(ClipNames.All(clip.Architecture).Select(w => w.Name), clip.Tensors.Keys);
    }

    [Theory]
    [InlineData("tiny/clip-tiny-state-dict.pt")]
    [InlineData("tiny/clip-tiny-torchscript.pt")]
    public void Every_container_gives_the_same_weights(string file)
    {
        using ClipWeights expected = ClipWeights.Open(Parity.File("tiny/clip-tiny.safetensors"), 4, 4);
        using ClipWeights actual = ClipWeights.Open(Parity.File(file), 4, 4);

        Assert.Equal(expected.Architecture, actual.Architecture);
        foreach (string name in expected.Tensors.Keys)
            Assert.Equal(expected.Read(name), actual.Read(name));
    }

    [Fact]
    public void The_tiny_reference_model_reads_the_same_in_the_naming_of_Hugging_Face()
    {
        using ScratchFolder folder = new();
        string path = Parity.File("tiny/clip-tiny.safetensors");
        TestClip.Write(folder, TestClip.HuggingFace(SafetensorsFile.ReadAll(path)));
        folder.Write("config.json", """{"vision_config": {"num_attention_heads": 4}, "text_config": {"num_attention_heads": 4}}""");

        using ClipWeights expected = ClipWeights.Open(path, 4, 4);
        using ClipWeights actual = ClipWeights.Open(folder.Path);

        Assert.Equal(expected.Architecture, actual.Architecture);
        foreach (string name in expected.Tensors.Keys)
        {
            Assert.Equal(expected.Tensors[name].Shape, actual.Tensors[name].Shape);
            Assert.Equal(expected.Read(name), actual.Read(name));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("model.")]
    [InlineData("state_dict.module.")]
    public void A_prefix_is_recognised_and_what_lies_beside_it_does_not_matter(string prefix)
    {
        using ScratchFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> openAi = TestClip.OpenAi();
        Dictionary<string, (long[] Shape, float[] Values)> prefixed = openAi.ToDictionary(t => prefix + t.Key, t => t.Value),
            there = TestClip.HuggingFace(openAi, prefix);
        there.Add(prefix + "vision_model.embeddings.position_ids", ([1, 1], [0f]));
        if (prefix.Length > 0)
            prefixed.Add("optimizer.state.0.exp_avg", ([1], [0f]));

        using ClipWeights first = ClipWeights.Open(TestClip.Write(folder, prefixed, "a.safetensors"), 2, 1);
        using ClipWeights second = ClipWeights.Open(TestClip.Write(folder, there, "b.safetensors"), 2, 1);

        Assert.Equal(TestClip.Architecture, first.Architecture);
        Assert.Equal(TestClip.Architecture, second.Architecture);
        foreach ((string name, (_, float[] values)) in openAi)
        {
            Assert.Equal(values, first.Read(name));
            Assert.Equal(values, second.Read(name));
        }
    }

    [Fact]
    public void Missing_and_unexpected_tensors_are_listed_in_the_naming_of_the_file()
    {
        using ScratchFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> there = TestClip.HuggingFace(TestClip.OpenAi());
        there.Remove("vision_model.encoder.layers.1.self_attn.k_proj.weight");
        there.Remove("vision_model.pre_layrnorm.weight");
        there.Add("vision_model.head.weight", ([1], [0f]));
        string path = TestClip.Write(folder, there);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipWeights.Open(path, 2, 1));

        Assert.Equal(
            $"'{path}' is not a whole ViT CLIP model: 2 tensors are missing ('vision_model.pre_layrnorm.weight', "
                + $"'vision_model.encoder.layers.1.self_attn.k_proj.weight'), 1 tensor is not expected "
                + $"('vision_model.head.weight'): {Remedy}",
            refused.Message
        );
    }

    [Fact]
    public void What_only_the_training_of_CLIP_reads_may_have_any_shape_or_be_absent()
    {
        using ScratchFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> there = TestClip.OpenAi();
        there["logit_scale"] = ([1, 1], [4.6f]);
        there["logit_bias"] = ([1], [-10f]);
        using (ClipWeights odd = ClipWeights.Open(TestClip.Write(folder, there), 2, 1))
            Assert.DoesNotContain("logit_scale", odd.Tensors.Keys);
        there.Remove("logit_scale");

        using ClipWeights without = ClipWeights.Open(TestClip.Write(folder, there), 2, 1);

        Assert.NotEmpty(without.Tensors);
    }

    [Fact]
    public void A_missing_half_is_summed_up()
    {
        using ScratchFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> tensors = TestClip.OpenAi();
        foreach (
            string name in tensors.Keys.Where(n => n.StartsWith("visual.transformer.resblocks.1.", StringComparison.Ordinal)).ToArray()
        )
            tensors.Remove(name);
        string path = TestClip.Write(folder, tensors);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipWeights.Open(path, 2, 1));

        Assert.Contains(
            "12 tensors are missing ('visual.transformer.resblocks.1.ln_1.weight', ",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(", ...), 12 tensors are not expected ('visual.transformer.resblocks.2.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_shape_is_refused_by_name()
    {
        using ScratchFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> there = TestClip.HuggingFace(TestClip.OpenAi());
        there["text_projection.weight"] = ([4, 6], new float[24]);
        string path = TestClip.Write(folder, there);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipWeights.Open(path, 2, 1));

        Assert.Equal($"Tensor 'text_projection.weight' in '{path}' has shape [4, 6], expected [6, 4]: {Remedy}", refused.Message);
    }

    [Fact]
    public void A_quantised_weight_is_refused()
    {
        using ScratchFolder folder = new();
        Dictionary<string, object?> root = [];
        foreach ((string name, (long[] shape, float[] values)) in TestClip.OpenAi())
            root[name] = new TestTensor(
                "zero",
                name == "ln_final.bias" ? "CharStorage" : "FloatStorage",
                values.Length,
                shape,
                Strides(shape)
            );
        string path = folder.Write("a.pt", TestZip.Checkpoint(TestPickle.Of(root), storages: ("zero", new byte[10_000])));

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipWeights.Open(path, 2, 1));

        Assert.Equal($"Tensor 'ln_final.bias' in '{path}' is of type Int8, expected a floating-point type: {Remedy}", refused.Message);
    }

    [Theory]
    [InlineData(
        "visual.layer1.0.conv1.weight",
        "is a CLIP model with a ResNet, expected a vision transformer: pass a ViT model, such as ViT-L-14-336px.pt."
    )]
    [InlineData(
        "classifier.weight",
        "has neither 'visual.conv1.weight' nor 'vision_model.embeddings.patch_embedding.weight' among its 1 tensors, so it is not a "
            + "ViT CLIP model: pass one, such as ViT-L-14-336px.pt."
    )]
    [InlineData("visual.conv1.weight", "has no tensor 'visual.positional_embedding', which CLIP needs: it is not a whole CLIP model.")]
    public void Another_kind_of_model_is_refused(string tensor, string expected)
    {
        using ScratchFolder folder = new();
        string path = TestClip.Write(folder, new() { [tensor] = ([8, 3, 2, 2], new float[96]) });

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipWeights.Open(path));

        Assert.Equal($"'{path}' {expected}", refused.Message);
    }

    [Fact]
    public void Two_models_in_one_file_are_refused()
    {
        using ScratchFolder folder = new();
        (long[], float[]) tensor = ([8, 3, 2, 2], new float[96]);
        string path = TestClip.Write(folder, new() { ["student.visual.conv1.weight"] = tensor, ["teacher.visual.conv1.weight"] = tensor });

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipWeights.Open(path));

        Assert.Equal($"'{path}' has 2 CLIP models, below 'student.' and 'teacher.': save the wanted one alone.", refused.Message);
    }

    [Fact]
    public void A_positional_embedding_that_is_no_square_is_refused()
    {
        using ScratchFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> tensors = TestClip.OpenAi();
        tensors["visual.positional_embedding"] = ([9, 8], new float[72]);
        string path = TestClip.Write(folder, tensors);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipWeights.Open(path, 2, 1));

        Assert.Equal(
            $"The positional embedding in '{path}' has 9 rows, expected 1 for the class token and a square number for the patches: "
                + $"{Remedy}",
            refused.Message
        );
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(3, 3)]
    public void Heads_that_do_not_divide_the_width_are_refused(int? given, int shown)
    {
        using ScratchFolder folder = new();
        string path = TestClip.Write(folder, TestClip.OpenAi());

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipWeights.Open(path, given, 1));

        Assert.Equal(
            $"'{path}' has a transformer of width 8, which {shown} attention heads (vision_config) do not divide: give the number "
                + $"of heads explicitly.",
            refused.Message
        );
    }

    [Fact]
    public void A_damaged_configuration_beside_the_weights_is_refused()
    {
        using ScratchFolder folder = new();
        string path = TestClip.Write(folder, TestClip.OpenAi());
        string config = folder.Write("config.json", """{"vision_config": {"num_attention_heads": "two"}}""");

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipWeights.Open(path));

        Assert.StartsWith(
            $"'{config}' beside the weights cannot be read as a model's configuration (",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_name_that_CLIP_has_not_is_an_argument_error()
    {
        using ScratchFolder folder = new();
        using ClipWeights clip = ClipWeights.Open(TestClip.Write(folder, TestClip.OpenAi()), 2, 1);

        ArgumentException wrong = Assert.Throws<ArgumentException>(() => clip.Read("visual.layer"));

        Assert.StartsWith("CLIP has no weight 'visual.layer'.", wrong.Message, StringComparison.Ordinal);
    }

    private static long[] Strides(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long step = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
            (strides[axis], step) = (step, step * shape[axis]);
        return strides;
    }
}
