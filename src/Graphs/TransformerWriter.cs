using AaClip.Graphs.Proto;
using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>Writes the layers that both towers use, in the package's precision.</summary>
/// <param name="graph">The graph that is being written.</param>
/// <param name="read">
/// Returns the values of a weight by its internal name (OpenAI's names, and the adapters' names with their prefix).
/// </param>
internal sealed class TransformerWriter(GraphWriter graph, Func<string, float[]> read, Precision precision, Activation activation)
{
    internal const float LayerNormEpsilon = 1e-5f; // specification 1.4
    private const float LeakySlope = 0.01f; // specification 2

    /// <summary>Type of the activations between nodes.</summary>
    public DataType Type { get; } = precision == Precision.Fp16 ? DataType.Float16 : DataType.Float;

    /// <summary>
    /// One pre-norm block (specification 1.4.3): x ← x + out(attn(ln_1 x)); x ← x + c_proj(act(c_fc(ln_2 x))).
    /// <code>
    /// x ─┬─ ln_1 ─ q,k,v ─ MultiHeadAttention ─ out ─ + ─┬─ ln_2 ─ c_fc ─ act ─ c_proj ─ + ─►
    ///    └───────────────────────────────────────────┘   └──────────────────────────────┘
    /// </code>
    /// </summary>
    /// <param name="x">[B, tokens, width].</param>
    /// <param name="key">Prefix of the checkpoint keys, such as "visual.transformer.resblocks.3.".</param>
    /// <param name="path">Node path, such as "/visual/blocks.3".</param>
    /// <param name="causal">Whether a token attends only to itself and earlier tokens (text tower).</param>
    public Value Block(Value x, TowerShape shape, string key, string path, bool causal) =>
        Block(new TwoPaths(x, null), [], shape, key, path, causal).Ordinary;

    /// <summary>
    /// As above, with the correlation path beside it (docs/methods.md): y ← y + out(Σ softmax(p·pᵀ/√d)·v) for each projection p of the
    /// block's own input.
    /// </summary>
    /// <param name="paths">Both paths before the block; the second is null while it has not begun.</param>
    /// <param name="kinds">See <see cref="CorrelationPath.Kinds"/>.</param>
    public TwoPaths Block(TwoPaths paths, IReadOnlyList<string> kinds, TowerShape shape, string key, string path, bool causal)
    {
        int width = shape.Width;
        Value x = paths.Ordinary;
        Value normed = graph.Tap($"{path}/ln_1", LayerNorm(x, $"{key}ln_1", $"{path}/ln_1", width));
        Value[] projections = Projections(normed, width, $"{key}attn.", $"{path}/attn");
        Value attended = graph.Tap(
            $"{path}/attn",
            Out(Attention(projections, shape, $"{key}attn.", $"{path}/attn", causal), $"{path}/attn/out")
        );
        x = graph.Node("Add", $"{path}/residual_1", [x, attended]);

        Value hidden = LayerNorm(x, $"{key}ln_2", $"{path}/ln_2", width);
        hidden = LinearActivated(hidden, $"{key}mlp.c_fc.weight", $"{key}mlp.c_fc.bias", $"{path}/mlp/c_fc", width, shape.MlpWidth);
        hidden = graph.Tap(
            $"{path}/mlp",
            Linear(hidden, $"{key}mlp.c_proj.weight", $"{key}mlp.c_proj.bias", $"{path}/mlp/c_proj", shape.MlpWidth, width)
        );
        x = graph.Tap($"{path}/out", graph.Node("Add", $"{path}/residual_2", [x, hidden]));
        if (paths.Correlation is not { } y)
            return new TwoPaths(x, null);

        Value? sum = null;
        foreach (string kind in kinds)
        {
            Value one = Correlation(projections, kind, shape, $"{key}attn.", $"{path}/correlation/{kind}");
            sum = sum is null ? one : graph.Node("Add", $"{path}/correlation/{kind}/sum", [sum.Value, one]);
        }

        Value added = graph.Tap($"{path}/correlation/attn", Out(sum!.Value, $"{path}/correlation/out")); // there is at least one kind
        return new TwoPaths(x, graph.Tap($"{path}/correlation", graph.Node("Add", $"{path}/correlation/residual", [y, added])));

        Value Out(Value values, string to) => Linear(values, $"{key}attn.out_proj.weight", $"{key}attn.out_proj.bias", to, width, width);
    }

    /// <summary>
    /// Applies a residual adapter to all tokens (specification 2.1; model/adapter.py): a = LeakyReLU(x·Wᵀ), scaled to the norm of x, then
    /// share·a + (1 − share)·x. Norms are computed in float32: in float16 the squares of CLIP's largest channels would overflow.
    /// </summary>
    public Value Adapter(Value x, string key, string path, int width, double share)
    {
        Value adapted = Linear(x, key, null, $"{path}/fc", width, width);
        adapted = graph.Tap($"{path}/raw", LeakyRelu(adapted, path));
        Value norm = Norm(x, $"{path}/norm_x");
        Value ratio = graph.Node("Div", $"{path}/ratio", [norm, Norm(adapted, $"{path}/norm_a")]);
        ratio = ToActivations(graph.Node("Mul", $"{path}/share", [ratio, graph.Scalar((float)share)]), $"{path}/ratio");
        adapted = graph.Node("Mul", $"{path}/scaled", [adapted, ratio]);
        Value kept = graph.Node("Mul", $"{path}/kept", [x, graph.Scalar((float)(1 - share), Type)]);
        return graph.Tap($"{path}/out", graph.Node("Add", $"{path}/mixed", [adapted, kept]));
    }

    /// <summary>LeakyReLU with the adapters' slope.</summary>
    public Value LeakyRelu(Value x, string path) => graph.Node("LeakyRelu", path, [x], Float("alpha", LeakySlope));

    /// <summary>Layer normalisation over the width.</summary>
    public Value LayerNorm(Value x, string key, string path, int width) =>
        graph.Node(
            "LayerNormalization",
            path,
            [x, Vector($"{key}.weight", width), Vector($"{key}.bias", width)],
            Float("epsilon", LayerNormEpsilon)
        );

    /// <summary>x·Wᵀ + b for a checkpoint weight of shape [outputs, inputs].</summary>
    public Value Linear(Value x, string weight, string? bias, string path, int inputs, int outputs)
    {
        if (precision == Precision.Int8)
            return LinearInt8(x, weight, bias, path, inputs, outputs);
        Value product = graph.Node("MatMul", path, [x, Transposed(weight, inputs, outputs)]);
        return bias is null ? product : graph.Node("Add", path, [product, Vector(bias, outputs)]);
    }

    /// <summary>x·W for a checkpoint weight of shape [inputs, outputs], never quantised: used for CLIP's projections.</summary>
    public Value Project(Value x, string weight, string path, int inputs, int outputs)
    {
        if (!graph.Has(weight))
            graph.Weight(weight, [inputs, outputs], read(weight), Type);
        return graph.Node("MatMul", path, [x, new Value(weight)]);
    }

    /// <summary>x·Wᵀ, never quantised: used for the heads, where small differences matter.</summary>
    public Value LinearExact(Value x, string weight, string path, int inputs, int outputs) =>
        graph.Node("MatMul", path, [x, Transposed(weight, inputs, outputs)]);

    /// <summary>A one-dimensional weight of the checkpoint.</summary>
    public Value Vector(string key, int length) => graph.Has(key) ? new Value(key) : graph.Weight(key, [length], read(key), Type);

    /// <summary>L2 norm over the width, [.., 1], in float32.</summary>
    public Value Norm(Value x, string path) => graph.Node("ReduceL2", path, [ToFloat32(x, path), graph.Integers(-1)], Int("keepdims", 1));

    /// <summary>Casts activations to float32.</summary>
    public Value ToFloat32(Value x, string path) =>
        Type == DataType.Float ? x : graph.Node("Cast", $"{path}/to_float32", [x], Int("to", (int)DataType.Float));

    /// <summary>Casts float32 values to the type of the activations.</summary>
    public Value ToActivations(Value x, string path) =>
        Type == DataType.Float ? x : graph.Node("Cast", $"{path}/to_float16", [x], Int("to", (int)DataType.Float16));

    // Queries, keys and values; for float precisions without their biases, which the fused attention adds.
    internal Value[] Projections(Value x, int width, string key, string path)
    {
        if (precision == Precision.Int8)
        {
            Value joint = LinearInt8(x, $"{key}in_proj_weight", $"{key}in_proj_bias", $"{path}/qkv", width, 3 * width);
            return graph.Nodes("Split", "", $"{path}/qkv", 3, [joint], Int("axis", -1), Int("num_outputs", 3));
        }

        Value[] qkv = new Value[3];
        float[]? weight = null;
        for (int part = 0; part < 3; part++)
        {
            string name = $"{key}in_proj_weight.{"qkv"[part]}";
            if (!graph.Has(name))
            {
                weight ??= read($"{key}in_proj_weight"); // [3·width, width]: rows of q, k, v
                float[] rows = Transpose(weight.AsSpan(part * width * width, width * width), width, width);
                graph.Weight(name, [width, width], rows, Type);
            }

            qkv[part] = graph.Node("MatMul", $"{path}/{"qkv"[part]}", [x, new Value(name)]);
        }

        return qkv;
    }

    // Fused attention: the [heads, tokens, tokens] matrix is never stored as a whole.
    private Value Attention(Value[] projections, TowerShape shape, string key, string path, bool causal)
    {
        AttributeProto[] attributes = causal ? [Int("num_heads", shape.Heads), Int("unidirectional", 1)] : [Int("num_heads", shape.Heads)];
        Value[] inputs = precision == Precision.Int8 ? projections : [.. projections, Vector($"{key}in_proj_bias", 3 * shape.Width)];
        return graph.Fused("MultiHeadAttention", path, inputs, attributes);
    }

    // softmax(p·pᵀ/√d)·v for p = q, k or v
    internal Value Correlation(Value[] projections, string kind, TowerShape shape, string key, string path)
    {
        if (kind == CorrelationPath.Joint)
            return JointCorrelation(projections, shape, key, path);
        int part = "qkv".IndexOf(kind[0], StringComparison.Ordinal);
        List<Value> inputs = [projections[part], projections[part], projections[2]];
        if (precision != Precision.Int8)
        {
            string name = $"{key}in_proj_bias.{kind}";
            if (!graph.Has(name))
            {
                ReadOnlySpan<float> bias = read($"{key}in_proj_bias");
                ReadOnlySpan<float> own = bias.Slice(part * shape.Width, shape.Width);
                graph.Weight(name, [3 * shape.Width], [.. own, .. own, .. bias[(2 * shape.Width)..]], Type);
            }

            inputs.Add(new Value(name));
        }

        return graph.Fused("MultiHeadAttention", path, [.. inputs], Int("num_heads", shape.Heads));
    }

    // softmax(p·pᵀ/√(3d))·v for p = q, k and v, one behind the other
    private Value JointCorrelation(Value[] projections, TowerShape shape, string key, string path)
    {
        Value[] parts = [.. projections.Select((p, i) => WithBias(p, key, i, shape.Width, $"{path}/{"qkv"[i]}"))]; // [B, tokens, width]
        Value heads = graph.Integers(0, 0, shape.Heads, shape.Width / shape.Heads);
        Value[] byHead = [.. parts.Select((p, i) => graph.Node("Reshape", $"{path}/{"qkv"[i]}", [p, heads]))];
        Value joint = graph.Node("Concat", path, byHead, Int("axis", 3));
        joint = graph.Node("Reshape", path, [joint, graph.Integers(0, 0, 3 * shape.Width)]);
        return graph.Fused("MultiHeadAttention", path, [joint, joint, parts[2]], Int("num_heads", shape.Heads));
    }

    /// <summary>A projection with its bias, which int8 products contain already.</summary>
    /// <param name="part">0 for queries, 1 for keys, 2 for values.</param>
    internal Value WithBias(Value projection, string key, int part, int width, string path)
    {
        if (precision == Precision.Int8)
            return projection;
        string name = $"{key}in_proj_bias.{"qkv"[part]}";
        Value bias = graph.Has(name)
            ? new Value(name)
            : graph.Weight(name, [width], read($"{key}in_proj_bias").AsSpan(part * width, width), Type);
        return graph.Node("Add", path, [projection, bias]);
    }

    /// <summary>x·Wᵀ + b, and the towers' non-linearity.</summary>
    internal Value LinearActivated(Value x, string weight, string bias, string path, int inputs, int outputs)
    {
        Value product = Linear(x, weight, bias, path, inputs, outputs);
        return activation == Activation.QuickGelu
            ? graph.Fused("QuickGelu", path, [product], Float("alpha", 1.702f))
            : graph.Node("Gelu", path, [product]); // erf; on the CPU faster than ONNX Runtime's fused BiasGelu
    }

    private Value LinearInt8(Value x, string weight, string? bias, string path, int inputs, int outputs)
    {
        if (!graph.Has(weight))
        {
            (sbyte[] values, float[] scales) = Quantization.PerOutput(read(weight), inputs, outputs);
            graph.Weight(weight, [inputs, outputs], values);
            graph.Weight($"{weight}.scale", [outputs], scales);
        }

        Value offset = bias is null ? default : Vector(bias, outputs);
        return graph.Fused("DynamicQuantizeMatMul", path, [x, new Value(weight), new Value($"{weight}.scale"), default, offset]);
    }

    private Value Transposed(string key, int inputs, int outputs) =>
        graph.Has(key) ? new Value(key) : graph.Weight(key, [inputs, outputs], Transpose(read(key), outputs, inputs), Type);

    // [rows, columns] → [columns, rows], in tiles that fit in the cache.
    private static float[] Transpose(ReadOnlySpan<float> from, int rows, int columns)
    {
        const int Tile = 32;
        float[] to = new float[from.Length];
        for (int r0 = 0; r0 < rows; r0 += Tile)
        for (int c0 = 0; c0 < columns; c0 += Tile)
        for (int r = r0; r < Math.Min(r0 + Tile, rows); r++)
        for (int c = c0; c < Math.Min(c0 + Tile, columns); c++)
            to[c * rows + r] = from[r * columns + c];
        return to;
    }
}

/// <summary>The two paths of the image tower.</summary>
/// <param name="Ordinary">[B, tokens, width]: plain CLIP.</param>
/// <param name="Correlation">[B, tokens, width]; null if there is none, or before its first block.</param>
internal readonly record struct TwoPaths(Value Ordinary, Value? Correlation);
