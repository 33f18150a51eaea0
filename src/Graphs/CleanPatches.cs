using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes the patch features of SC-CLIP (arXiv 2411.15869) in place of those of the last block; steps 1 to 8 of its description in
/// docs/methods.md. Every step is per image, so a batch changes nothing. Distances and similarities are float32.
/// </summary>
internal sealed class CleanPatches
{
    private const int Neighbours = 30;
    private const double Quantile = 0.95; // patches whose outlier factor lies above it are replaced

    private readonly GraphWriter _graph;
    private readonly TransformerWriter _tower;
    private readonly CleanFeatures _options;
    private readonly ModelArchitecture _shape;
    private readonly string _key; // of the last block's weights

    private CleanPatches(GraphWriter graph, TransformerWriter tower, CleanFeatures options, ModelArchitecture shape)
    {
        (_graph, _tower, _options, _shape) = (graph, tower, options, shape);
        _key = $"visual.transformer.resblocks.{shape.Vision.Layers - 1}.";
    }

    /// <param name="blocks">Outputs of the blocks, [B, 1 + patches, width] each.</param>
    /// <returns>[B, patches, width], after ln_post.</returns>
    public static Value Write(
        GraphWriter graph,
        TransformerWriter tower,
        CleanFeatures options,
        ModelArchitecture shape,
        IReadOnlyList<Value> blocks
    ) => new CleanPatches(graph, tower, options, shape).Features(blocks);

    private Value Features(IReadOnlyList<Value> blocks)
    {
        const string Path = "/clean";
        Value before = blocks[^2]; // input of the last block
        Value last = Patches(before, $"{Path}/last");

        // Outliers, and their repair
        Value outliers = Outliers(_tower.ToFloat32(last, $"{Path}/lof"), $"{Path}/lof"); // [B, patches], bool
        last = _graph.Tap($"{Path}/repaired_last", Repair(last, outliers, $"{Path}/repair_last"));
        Value early = Patches(blocks[_options.Similar - 1], $"{Path}/early");
        early = _graph.Tap($"{Path}/repaired_early", Repair(early, outliers, $"{Path}/repair_early"));

        // Similar patches are averaged; the last block runs on them
        Value similar = Cosines(early, $"{Path}/similar"); // [B, patches, patches]
        Value averaging = Averaging(similar, $"{Path}/similar");
        last = _graph.Tap($"{Path}/aggregated_before", _graph.Node("MatMul", $"{Path}/aggregated_before", [averaging, last]));
        Value focus = Focus(similar, $"{Path}/focus");
        Value coherent = Averaging(
            Cosines(Patches(blocks[_options.Coherent - 1], $"{Path}/coherent"), $"{Path}/coherent"),
            $"{Path}/coherent"
        );
        Value one = Pass(last, ClassToken(before, $"{Path}/class"), focus, coherent, $"{Path}/pass_1");

        // The same for the sum of several blocks
        Value[] mixed = [.. blocks.Skip(_options.FirstMixed - 1).Take(_options.LastMixed - _options.FirstMixed + 1)];
        Value sum = _graph.Node("Sum", $"{Path}/mixed", mixed);
        Value two = Pass(Patches(sum, $"{Path}/mixed"), ClassToken(sum, $"{Path}/mixed_class"), focus, coherent, $"{Path}/pass_2");

        Value both = _graph.Node("Add", $"{Path}/sum", [one, two]);
        return _tower.LayerNorm(both, "visual.ln_post", $"{Path}/ln_post", _shape.Vision.Width);
    }

    // Local outlier factor with 30 neighbours; squared distances. The local reachability of a patch is 1 / r, with r its distance to the
    // 30th neighbour, because the published code takes the maximum with the patch's own r.
    private Value Outliers(Value patches, string path)
    {
        int count = _shape.Grid * _shape.Grid;
        Value middle = _graph.Node("ReduceMean", $"{path}/middle", [patches, _graph.Integers(1)]);
        Value centred = _graph.Node("Sub", $"{path}/centred", [patches, middle]); // distances stay, rounding becomes smaller
        Value squares = _graph.Node("ReduceSumSquare", path, [centred, _graph.Integers(-1)]); // [B, patches, 1]
        Value turned = _graph.Node("Transpose", $"{path}/squares", [squares], Ints("perm", 0, 2, 1));
        Value products = _graph.Node("MatMul", path, [centred, _graph.Node("Transpose", path, [centred], Ints("perm", 0, 2, 1))]);
        Value twice = _graph.Node("Mul", $"{path}/twice", [products, _graph.Scalar(-2)]);
        Value distances = _graph.Node("Add", path, [_graph.Node("Add", $"{path}/sums", [squares, turned]), twice]);
        int nearest = Math.Min(Neighbours, count - 1) + 1; // and the patch itself, which is first
        Value[] found = _graph.Nodes("TopK", "", path, 2, [distances, _graph.Integers(nearest)], Int("largest", 0));
        Value r = _graph.Slice($"{path}/r", found[0], nearest - 1, nearest, -1);
        Value who = _graph.Slice($"{path}/who", found[1], 1, nearest, -1); // [B, patches, 30]
        Value inverse = _graph.Node("Reciprocal", path, [_graph.Node("Squeeze", path, [r, _graph.Integers(2)])]); // [B, patches]
        Value indices = _graph.Node("Unsqueeze", path, [who, _graph.Integers(3)]);
        Value theirs = _graph.Node("GatherND", path, [inverse, indices], Int("batch_dims", 1)); // [B, patches, 30]
        Value mean = _graph.Node("ReduceMean", path, [theirs, _graph.Integers(2)], Int("keepdims", 0));
        Value factor = _graph.Tap("/clean/lof", _graph.Node("Div", path, [mean, inverse])); // [B, patches]

        int many = count - 1 - (int)(Quantile * (count - 1));
        Value[] top = _graph.Nodes("TopK", "", $"{path}/top", 2, [factor, _graph.Integers(many)]);
        Value least = _graph.Slice($"{path}/least", top[0], many - 1, many, 1);
        return _graph.Node("GreaterOrEqual", path, [factor, least]);
    }

    // An outlier becomes the mean of those of its eight neighbours that are no outliers; without any it stays.
    private Value Repair(Value patches, Value outliers, string path)
    {
        int width = _shape.Vision.Width,
            grid = _shape.Grid;
        Value bad = _graph.Node("Unsqueeze", $"{path}/bad", [outliers, _graph.Integers(2)]); // [B, patches, 1]
        Value good = _graph.Node("Cast", $"{path}/good", [_graph.Node("Not", path, [bad])], Int("to", (int)_tower.Type));
        Value kept = _graph.Node("Mul", $"{path}/kept", [patches, good]);
        Value sum = Around(kept, width, "sum"),
            number = Around(good, 1, "number"); // [B, patches, 1]
        Value some = _graph.Node("Greater", path, [number, _graph.Scalar(0, _tower.Type)]);
        Value mean = _graph.Node("Div", path, [sum, _graph.Node("Max", path, [number, _graph.Scalar(1, _tower.Type)])]);
        return _graph.Node("Where", path, [_graph.Node("And", path, [bad, some]), mean, patches]);

        Value Around(Value x, int channels, string what)
        {
            string own = $"{path}/{what}";
            x = _graph.Node("Transpose", own, [x], Ints("perm", 0, 2, 1));
            x = _graph.Node("Reshape", own, [x, _graph.Integers(0, channels, grid, grid)]);
            float[] kernel = [.. Enumerable.Range(0, 9 * channels).Select(i => i % 9 == 4 ? 0f : 1f)];
            Value weight = _graph.Weight($"const/around/{channels}", [channels, 1, 3, 3], kernel, _tower.Type);
            x = _graph.Node("Conv", own, [x, weight], Ints("kernel_shape", 3, 3), Ints("pads", 1, 1, 1, 1), Int("group", channels));
            x = _graph.Node("Reshape", $"{own}/flat", [x, _graph.Integers(0, channels, grid * grid)]);
            return _graph.Node("Transpose", $"{own}/flat", [x], Ints("perm", 0, 2, 1));
        }
    }

    private Value Cosines(Value patches, string path)
    {
        Value unit = ImageGraph.Normalize(_graph, _tower, _tower.ToFloat32(patches, path), path);
        return _graph.Node("MatMul", $"{path}/cosines", [unit, _graph.Node("Transpose", $"{path}/unit", [unit], Ints("perm", 0, 2, 1))]);
    }

    // Rows of weights: cosines from the least on, divided by their sum.
    private Value Averaging(Value cosines, string path)
    {
        Value enough = _graph.Node("GreaterOrEqual", $"{path}/enough", [cosines, _graph.Scalar((float)_options.Least)]);
        Value kept = _graph.Node("Where", $"{path}/kept", [enough, cosines, _graph.Scalar(0)]);
        Value sums = _graph.Node("ReduceSum", $"{path}/sums", [kept, _graph.Integers(-1)]);
        Value rows = _graph.Node("Div", $"{path}/rows", [kept, _graph.Node("Add", $"{path}/sums", [sums, _graph.Scalar(1e-6f)])]);
        return _tower.ToActivations(rows, $"{path}/rows");
    }

    // softmax(3·(S − mean S)), where negative entries have no weight.
    private Value Focus(Value cosines, string path)
    {
        Value mean = _graph.Node("ReduceMean", path, [cosines, _graph.Integers(1, 2)]);
        Value centred = _graph.Node("Mul", path, [_graph.Node("Sub", path, [cosines, mean]), _graph.Scalar(3)]);
        Value negative = _graph.Node("Less", path, [centred, _graph.Scalar(0)]);
        Value masked = _graph.Node("Where", path, [negative, _graph.Scalar(float.NegativeInfinity), centred]);
        return _tower.ToActivations(_graph.Node("Softmax", path, [masked], Int("axis", -1)), path);
    }

    // The last block's attention, half by similarity and half by its keys, without residual and MLP; then similar patches are averaged.
    private Value Pass(Value patches, Value classToken, Value focus, Value coherent, string path)
    {
        int width = _shape.Vision.Width;
        Value normed = _tower.LayerNorm(patches, $"{_key}ln_1", $"{path}/ln_1", width);
        Value[] projections = _tower.Projections(normed, width, $"{_key}attn.", path);
        Value byKeys = _tower.Correlation(projections, "kk", _shape.Vision, $"{_key}attn.", $"{path}/kk");
        Value values = _tower.WithBias(projections[2], _key + "attn.", 2, width, $"{path}/values");
        Value bySimilarity = _graph.Node("MatMul", $"{path}/focus", [focus, values]);
        Value half = _graph.Node(
            "Mul",
            $"{path}/half",
            [_graph.Node("Add", $"{path}/both", [byKeys, bySimilarity]), _graph.Scalar(0.5f, _tower.Type)]
        );
        Value attended = _graph.Tap(
            $"{path}/attention",
            _tower.Linear(half, $"{_key}attn.out_proj.weight", $"{_key}attn.out_proj.bias", $"{path}/out", width, width)
        );
        Value share = _graph.Node("Mul", $"{path}/class", [classToken, _graph.Scalar((float)_options.ClassShare, _tower.Type)]);
        Value added = _graph.Node("Add", $"{path}/class", [attended, share]);
        return _graph.Tap($"{path}/aggregated", _graph.Node("MatMul", $"{path}/aggregated", [coherent, added]));
    }

    private Value Patches(Value tokens, string path) => _graph.Slice(path, tokens, 1, null, 1);

    private Value ClassToken(Value tokens, string path) => _graph.Slice(path, tokens, 0, 1, 1);
}
