using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes image.onnx in float16 for CUDA. It computes what <see cref="ImageGraph"/> does, with the operators whose CUDA kernels are fast,
/// and from an image of bytes [B,S,S,3], which it normalises: fewer bytes to copy to the GPU. Lengths of vectors and scores are float32.
/// <para>A key's bias adds the same number to all scores of a query, which softmax ignores: it is left out. The weights of a softmax
/// sum to 1, so a value's bias passes unchanged to the output projection: it is added to that bias.</para>
/// </summary>
internal sealed class CudaImageGraph(
    GraphWriter graph,
    ModelArchitecture shape,
    AdapterDescription? adapters,
    Activation activation,
    Preprocessing preprocessing,
    Func<string, float[]> read
)
{
    private const DataType Half = DataType.Float16;
    private const float LengthEpsilon = 1e-24f; // the square of the smallest length that a vector is divided by
    private const int Middle = 128; // of a byte: subtracted, so that products of normalised images have no large common part
    private const int Alignment = 8; // numbers of a row for which products of float16 are fast

    private readonly TransformerWriter _tower = new(graph, read, Precision.Fp16, activation);
    private readonly int _width = shape.Vision.Width;

    /// <summary>A value of the tower that is still a sum: the kernel that normalises it adds first.</summary>
    /// <param name="Kept">The residual, [B, tokens, width].</param>
    /// <param name="Added">What is added to it; null if the value is complete.</param>
    /// <param name="Bias">[width], also added; null without one.</param>
    private readonly record struct Sum(Value Kept, Value? Added = null, Value? Bias = null);

    /// <inheritdoc cref="ImageGraph.Write"/>
    public static void Write(
        string path,
        ModelArchitecture shape,
        AdapterDescription? adapters,
        Activation activation,
        Preprocessing preprocessing,
        Func<string, float[]> read
    )
    {
        using GraphWriter graph = new(path);
        new CudaImageGraph(graph, shape, adapters, activation, preprocessing, read).Write();
        graph.Save();
    }

    private void Write()
    {
        Value image = graph.Input("image", DataType.Uint8, "B", shape.ImageSize, shape.ImageSize, 3);
        Value anchors = graph.Input("anchors", DataType.Float, "B", shape.Embed, 2);
        Value[] texts = graph.Nodes("Split", "", "/head/anchors", 2, [anchors], Int("axis", 2), Int("num_outputs", 2)); // [B, E, 1]
        Value difference = graph.Node("Sub", "/head/anchors", [texts[1], texts[0]]);

        Sum x = new(Normalize(new(Embed(image)), "visual.ln_pre", "/visual/ln_pre").Normed);
        Value? scores = null;
        Value[] levels = new Value[shape.Levels.Count]; // [B, 1 + patches, width] each
        for (int block = 0; block < shape.Levels.Max(); block++)
        {
            x = Block(x, $"visual.transformer.resblocks.{block}.", $"/visual/blocks.{block}");
            if (adapters is not null && block < adapters.ImageBlocks)
                x = Adapter(x, $"image_adapter.layer_adapters.{block}.fc.0.weight", $"/visual/adapters.{block}", adapters.ImageShare);
            for (int level = 0; level < shape.Levels.Count; level++)
            {
                if (shape.Levels[level] != block + 1)
                    continue;
                string path = $"/head/levels.{level}";
                (Value normed, Value sum) = Normalize(x, "visual.ln_post", $"{path}/ln_post");
                x = new(sum);
                levels[level] = sum;
                Value dot = Dot(normed, $"seg_proj.{level}", difference, path);
                scores = scores is null ? dot : graph.Node("Add", $"{path}/sum", [scores.Value, dot]);
                if (level == shape.Levels.Count - 1)
                    graph.Output("detection", Detection(normed, texts[1]), DataType.Float, "B");
            }
        }

        // Each level: (100·F·T_abnormal + 1 − 100·F·T_normal)/2 = 50·F·(T_abnormal − T_normal) + ½.
        Value map = Patches(scores!.Value, "/head/map"); // not null: there is at least one level
        map = graph.Node("Mul", "/head/map/scaled", [map, graph.Scalar(50)]);
        map = graph.Node("Add", "/head/map/score", [map, graph.Scalar(0.5f * shape.Levels.Count)]);
        map = graph.Node("Reshape", "/head/map", [map, graph.Integers(-1, shape.Grid, shape.Grid)]);
        graph.Output("map", map, DataType.Float, "B", shape.Grid, shape.Grid);
        ReferenceHead.Write(graph, shape, levels, withClass: true);
    }

    // The patches as rows, with a row of zeros in front for the class token, times the kernel: [B, 1 + patches, width]. A product is faster
    // than a convolution, for which cuDNN would also search an algorithm at each new batch size.
    private Value Embed(Value image)
    {
        const string Path = "/visual/conv1";
        (int grid, int patch) = (shape.Grid, shape.Patch);
        int row = 3 * patch * patch,
            padding = (Alignment - row % Alignment) % Alignment;
        Value x = graph.Node("Cast", Path, [image], Int("to", (int)Half));
        x = graph.Node("Sub", Path, [x, graph.Scalar(Middle, Half)]);
        x = graph.Node("Reshape", $"{Path}/split", [x, graph.Integers(0, grid, patch, grid, patch, 3)]);
        x = graph.Node("Transpose", Path, [x], Ints("perm", 0, 1, 3, 2, 4, 5)); // [B, g, g, patch, patch, 3]
        x = graph.Node("Reshape", $"{Path}/rows", [x, graph.Integers(0, grid * grid, row)]);
        x = graph.Node("Pad", Path, [x, graph.Integers(0, 1, 0, 0, 0, padding)]);
        (float[] kernel, float[] offset) = Kernel(row + padding);
        x = graph.Node("MatMul", Path, [x, graph.Weight("visual.conv1.weight", [row + padding, _width], kernel, Half)]);

        float[] table = [.. read("visual.positional_embedding")];
        float[] classToken = read("visual.class_embedding");
        for (int i = 0; i < table.Length; i++)
            table[i] += i < _width ? classToken[i] : offset[i % _width];
        Value positions = graph.Weight("visual.positional_embedding", [1, table.Length / _width, _width], table, Half);
        return graph.Node("Add", "/visual/positions", [x, positions]);
    }

    // For bytes less Middle: conv((x/255 − mean)/std) = Σ k·(x − Middle) + offset. The kernel is [rows, width], a row for each y, x, color.
    private (float[] Kernel, float[] Offset) Kernel(int rows)
    {
        float[] weight = read("visual.conv1.weight"); // [width, 3, patch, patch]
        int area = shape.Patch * shape.Patch;
        float[] kernel = new float[rows * _width];
        double[] offset = new double[_width];
        for (int channel = 0; channel < _width; channel++)
        for (int color = 0; color < 3; color++)
        {
            double std = preprocessing.Std[color],
                middle = (Middle / 255.0 - preprocessing.Mean[color]) / std;
            for (int i = 0; i < area; i++)
            {
                float w = weight[(channel * 3 + color) * area + i];
                kernel[(i * 3 + color) * _width + channel] = (float)(w / (255 * std));
                offset[channel] += w * middle;
            }
        }

        return (kernel, [.. offset.Select(o => (float)o)]);
    }

    private Sum Block(Sum x, string key, string path)
    {
        (Value normed, Value kept) = Normalize(x, $"{key}ln_1", $"{path}/ln_1");
        x = new(kept, Attention(normed, $"{key}attn.", $"{path}/attn"), OutputBias($"{key}attn."));
        (normed, kept) = Normalize(x, $"{key}ln_2", $"{path}/ln_2");
        int hidden = shape.Vision.MlpWidth;
        Value mlp = _tower.LinearExact(normed, $"{key}mlp.c_fc.weight", $"{path}/mlp/c_fc", _width, hidden);
        mlp = Activated(mlp, _tower.Vector($"{key}mlp.c_fc.bias", hidden), $"{path}/mlp");
        mlp = _tower.LinearExact(mlp, $"{key}mlp.c_proj.weight", $"{path}/mlp/c_proj", hidden, _width);
        return new(kept, mlp, _tower.Vector($"{key}mlp.c_proj.bias", _width));
    }

    private Value Attention(Value x, string key, string path)
    {
        Value[] qkv = _tower.Projections(x, _width, key, path);
        qkv[0] = _tower.WithBias(qkv[0], key, 0, _width, $"{path}/q");
        Value attended = graph.Fused("MultiHeadAttention", path, qkv, Int("num_heads", shape.Vision.Heads));
        return _tower.LinearExact(attended, $"{key}out_proj.weight", $"{path}/out", _width, _width);
    }

    // out·v + b: the output projection's bias, with what the values' bias adds to it.
    private Value OutputBias(string key)
    {
        float[] weight = read($"{key}out_proj.weight"); // [width, width]
        float[] values = read($"{key}in_proj_bias")[(2 * _width)..];
        float[] bias = [.. read($"{key}out_proj.bias")];
        for (int i = 0; i < _width; i++)
        {
            double sum = bias[i];
            for (int k = 0; k < _width; k++)
                sum += (double)weight[i * _width + k] * values[k];
            bias[i] = (float)sum;
        }

        return graph.Weight($"{key}out_proj.bias", [_width], bias, Half);
    }

    private Value Activated(Value x, Value bias, string path) =>
        activation == Activation.QuickGelu
            ? graph.Fused("QuickGelu", path, [graph.Node("Add", path, [x, bias])], Float("alpha", 1.702f))
            : graph.Fused("BiasGelu", path, [x, bias]);

    // a = LeakyReLU(x·Wᵀ), scaled to the length of x, then share·a + (1 − share)·x (specification 2.1). The mean of squares takes the place
    // of the length: their ratio is the same.
    private Sum Adapter(Sum sum, string key, string path, double share)
    {
        Value x = Complete(sum, path);
        Value adapted = _tower.LeakyRelu(_tower.LinearExact(x, key, $"{path}/fc", _width, _width), path);
        adapted = Scaled(adapted, (float)share, Half, $"{path}/norm_a")[0];
        Value inverse = Scaled(x, 1, Half, $"{path}/norm_x")[1]; // [B, tokens, 1], float32
        Value size = graph.Node("Cast", $"{path}/ratio", [graph.Node("Reciprocal", path, [inverse])], Int("to", (int)Half));
        adapted = graph.Node("Mul", $"{path}/scaled", [adapted, size]);
        return new(graph.Node("Mul", $"{path}/kept", [x, graph.Scalar((float)(1 - share), Half)]), adapted);
    }

    // F·text with F = f/‖f‖ and f the projection of a token: [B, 1 + patches, 1].
    private Value Dot(Value normed, string name, Value text, string path)
    {
        Value projected = adapters is null
            ? _tower.Project(normed, "visual.proj", $"{path}/proj", _width, shape.Embed)
            : _tower.LinearExact(normed, $"image_adapter.{name}.fc.weight", $"{path}/proj", _width, shape.Embed);
        if (adapters is { Relu: true })
            projected = _tower.LeakyRelu(projected, $"{path}/proj");
        Value unit = Scaled(projected, 1 / MathF.Sqrt(shape.Embed), DataType.Float, $"{path}/unit")[0];
        return graph.Node("MatMul", $"{path}/dot", [unit, text]);
    }

    // s = (d·T_abnormal + 1)/2 with d the mean of the unit patch vectors; [B].
    private Value Detection(Value normed, Value abnormal)
    {
        const string Path = "/head/detection";
        Value dots = Patches(Dot(normed, "det_proj", abnormal, Path), Path);
        Value mean = graph.Node("ReduceMean", Path, [dots, graph.Integers(1, 2)], Int("keepdims", 0));
        return graph.Node("Mul", $"{Path}/half", [graph.Node("Add", $"{Path}/one", [mean, graph.Scalar(1)]), graph.Scalar(0.5f)]);
    }

    private Value Patches(Value tokens, string path) => graph.Slice(path, tokens, 1, null, 1);

    private Value Complete(Sum x, string path)
    {
        if (x.Added is not { } added)
            return x.Kept;
        if (x.Bias is { } bias)
            added = graph.Node("Add", $"{path}/bias", [added, bias]);
        return graph.Node("Add", $"{path}/x", [added, x.Kept]);
    }

    /// <summary>Layer normalisation of a sum, and the sum.</summary>
    private (Value Normed, Value Sum) Normalize(Sum x, string key, string path)
    {
        if (x.Added is not { } added)
            return (_tower.LayerNorm(x.Kept, key, path, _width), x.Kept);
        (Value gain, Value offset) = (_tower.Vector($"{key}.weight", _width), _tower.Vector($"{key}.bias", _width));
        Value[] inputs = x.Bias is { } bias ? [added, x.Kept, gain, offset, bias] : [added, x.Kept, gain, offset];
        Value[] found = graph.Nodes(
            "SkipLayerNormalization",
            GraphWriter.Microsoft,
            path,
            [true, false, false, true],
            inputs,
            Float("epsilon", TransformerWriter.LayerNormEpsilon)
        );
        return (found[0], found[3]);
    }

    /// <summary>factor·x/r with r the root mean square of the last axis, and 1/r in float32.</summary>
    /// <param name="type">Type of the result.</param>
    private Value[] Scaled(Value x, float factor, DataType type, string path)
    {
        int length = type == DataType.Float ? shape.Embed : _width;
        string key = $"const/{type}/{factor.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}x{length}";
        float[] gains = new float[length];
        Array.Fill(gains, factor);
        return graph.Nodes(
            "SimplifiedLayerNormalization",
            "",
            path,
            2,
            [x, graph.Weight(key, [length], gains, type)],
            Float("epsilon", LengthEpsilon),
            Int("axis", -1)
        );
    }
}
