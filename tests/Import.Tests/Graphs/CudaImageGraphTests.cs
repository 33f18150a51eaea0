using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Import.Tests.Graphs;

/// <summary>The float16 graph for CUDA, run on the CPU, against the float32 graph.</summary>
public sealed class CudaImageGraphTests
{
    private const double Limit = 2e-3; // of the largest value

    public enum Form
    {
        Adapted,
        AdaptedWithRelu,
        Plain,
    }

    [Theory]
    [InlineData(Form.Adapted, Activation.Gelu)]
    [InlineData(Form.Adapted, Activation.QuickGelu)]
    [InlineData(Form.AdaptedWithRelu, Activation.Gelu)]
    [InlineData(Form.Plain, Activation.Gelu)]
    public void Maps_and_detections_stay_near_float32(Form form, Activation activation)
    {
        const int Count = 3;
        AdapterDescription? adapters = form switch
        {
            Form.Adapted => TinyGraphs.Adapters,
            Form.AdaptedWithRelu => TinyGraphs.Adapters with { Relu = true },
            _ => null,
        };
        float[] text = TinyGraphs.Golden("tiny/golden-maps.safetensors")["text"].Values;
        float[] anchors = [.. Enumerable.Repeat(text, Count).SelectMany(t => t)];
        RgbImage[] images = [.. Enumerable.Range(0, Count).Select(i => Pictures.Draw(i))];
        Preprocessor preprocessor = new(TinyGraphs.Preprocessing);
        byte[] bytes = [.. images.SelectMany(preprocessor.Resize)];
        float[] floats = new float[Count * preprocessor.Length];
        for (int i = 0; i < Count; i++)
            preprocessor.Write(images[i], floats.AsSpan(i * preprocessor.Length, preprocessor.Length));

        var exact = TinyGraphs.RunImage(adapters, Precision.Fp32, activation, floats, anchors, "map", "detection");
        var found = TinyGraphs.RunCudaImage(adapters, activation, bytes, anchors, null, "map", "detection");

        Close.AssertRelative(exact["map"], found["map"], Limit, "map");
        Close.AssertRelative(exact["detection"], found["detection"], Limit, "detection");
        Assert.NotEqual(exact["map"], found["map"]);
    }

    [Fact]
    public void Each_sum_before_a_norm_is_part_of_it_and_no_operator_is_slow_on_CUDA()
    {
        int blocks = TinyGraphs.Shape.Vision.Layers,
            levels = TinyGraphs.Shape.Levels.Count;

        Dictionary<string, int> operators = TinyGraphs.CudaOperators(TinyGraphs.Adapters);

        // The first norm of a block has no sum before it in block 0 and after a level, the pre-norm of the tower never.
        Assert.Equal(2 * blocks, operators["SkipLayerNormalization"]);
        Assert.Equal(1 + levels, operators["LayerNormalization"]);
        Assert.Equal(blocks, operators["MultiHeadAttention"]);
        Assert.Equal(blocks, operators["BiasGelu"]);
        Assert.DoesNotContain("ReduceL2", operators.Keys);
        Assert.DoesNotContain("Conv", operators.Keys);
    }
}
