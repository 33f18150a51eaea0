using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes image.onnx; <see cref="CudaImageGraph"/> does for AA-CLIP in float16, and <see cref="AdaClipGraph"/> for AdaCLIP. Inputs: image
/// [B,3,S,S] and anchors [B,E,2]. Outputs: map [B,g,g] (levels combined, before smoothing) and detection [B] (specification 1.4, 2.2 and
/// 4.2; model/adapter.py, forward_utils.py). <see cref="ReferenceHead"/> adds an input and two outputs.
/// </summary>
internal static class ImageGraph
{
    /// <param name="path">Path of image.onnx; the folder must exist.</param>
    /// <param name="read">Returns values by internal name; "visual.positional_embedding" must already have the size of the grid.</param>
    /// <param name="adapters">Description of the image adapters. Null for plain CLIP: CLIP's own projection is used as the head.</param>
    /// <param name="method">The method's options.</param>
    /// <param name="taps">Inner values that become outputs, for tests and training.</param>
    public static void Write(
        string path,
        ModelArchitecture shape,
        AdapterDescription? adapters,
        Precision precision,
        Activation activation,
        Func<string, float[]> read,
        Method? method = null,
        IEnumerable<string>? taps = null
    )
    {
        method ??= Method.AaClip;
        using GraphWriter graph = new(path, taps);
        TransformerWriter tower = new(graph, read, precision, activation);
        int width = shape.Vision.Width;

        Value image = graph.Input("image", DataType.Float, "B", 3, shape.ImageSize, shape.ImageSize);
        Value anchors = graph.Input("anchors", DataType.Float, "B", shape.Embed, 2);

        // Patch embedding, class token and positional table.
        Value x = Embed(graph, tower, image, width, shape.Patch, shape.Grid, read);
        x = graph.Tap("/visual/ln_pre", tower.LayerNorm(x, "visual.ln_pre", "/visual/ln_pre", width)); // [B, 1 + patches, width]

        // Blocks. The adapter of a block is applied before a level is taken from it.
        Value[] tokens = new Value[shape.Levels.Count], // [B, patches, width] each
            levels = new Value[shape.Levels.Count]; // the same after ln_post
        Value? correlation = null;
        int blocks = method.Detection == DetectionScore.ClassFeature || method.Clean is not null ? shape.Vision.Layers : shape.Levels.Max();
        List<Value> outputs = []; // of the blocks, for CleanPatches
        for (int block = 0; block < blocks; block++)
        {
            if (method.Correlation?.FirstBlock == block + 1)
                correlation = x;
            (x, correlation) = tower.Block(
                new TwoPaths(x, correlation),
                method.Correlation?.Kinds ?? [],
                shape.Vision,
                $"visual.transformer.resblocks.{block}.",
                $"/visual/blocks.{block}",
                causal: false
            );
            if (adapters is not null && block < adapters.ImageBlocks)
                x = tower.Adapter(
                    x,
                    $"image_adapter.layer_adapters.{block}.fc.0.weight",
                    $"/visual/adapters.{block}",
                    width,
                    adapters.ImageShare
                );
            outputs.Add(x);
            for (int level = 0; level < levels.Length; level++)
                if (shape.Levels[level] == block + 1)
                {
                    string at = $"/head/levels.{level}";
                    tokens[level] = graph.Slice(at, correlation ?? x, 1, null, 1);
                    levels[level] = tower.LayerNorm(tokens[level], "visual.ln_post", $"{at}/ln_post", width);
                    graph.Tap($"{at}/ln_post", levels[level]);
                }
        }

        ReferenceHead.Write(graph, shape, tokens, withClass: false);

        if (method.LevelScore == LevelScore.Softmax)
        {
            SoftmaxHead.Write(graph, tower, method, shape, levels, x, anchors);
            graph.Save();
            return;
        }

        // Head: compares each level with the anchors, and the mean patch of the last level.
        Value difference = Difference(graph, anchors);
        Value? sum = null;
        for (int level = 0; level < levels.Length; level++)
        {
            Value compared = method.Clean is { } clean ? CleanPatches.Write(graph, tower, clean, shape, outputs) : levels[level];
            Value projected = Head(tower, compared, adapters, $"seg_proj.{level}", $"/head/levels.{level}", shape);
            Value scores = LevelScores(graph, tower, projected, difference, $"/head/levels.{level}");
            sum = sum is null ? scores : graph.Node("Add", $"/head/levels.{level}/sum", [sum.Value, scores]);
        }

        // There is at least one level, so the sum is not null.
        Value grid = graph.Node("Reshape", "/head/map", [sum!.Value, graph.Integers(-1, shape.Grid, shape.Grid)]);
        graph.Output("map", grid, DataType.Float, "B", shape.Grid, shape.Grid);
        Value last = Head(tower, levels[^1], adapters, "det_proj", "/head/detection", shape);
        graph.Output("detection", Detection(graph, tower, last, anchors), DataType.Float, "B");
        graph.Save();
    }

    // conv 14×14 stride 14 → [B, patches, width]. A zero token is prepended; row 0 of the table contains the class embedding.
    internal static Value Embed(
        GraphWriter graph,
        TransformerWriter tower,
        Value image,
        int width,
        int patch,
        int grid,
        Func<string, float[]> read
    )
    {
        int patches = grid * grid;
        Value pixels = tower.Type == DataType.Float ? image : graph.Node("Cast", "/visual/image", [image], Int("to", (int)tower.Type));
        Value kernel = graph.Weight("visual.conv1.weight", [width, 3, patch, patch], read("visual.conv1.weight"), tower.Type);
        // [B, width, g, g]
        Value x = graph.Node("Conv", "/visual/conv1", [pixels, kernel], Ints("kernel_shape", patch, patch), Ints("strides", patch, patch));
        x = graph.Node("Reshape", "/visual/conv1", [x, graph.Integers(0, width, patches)]);
        x = graph.Tap("/visual/patch_embed", graph.Node("Transpose", "/visual/conv1", [x], Ints("perm", 0, 2, 1))); // [B, patches, width]
        x = graph.Node("Pad", "/visual/class_token", [x, graph.Integers(0, 1, 0, 0, 0, 0)]); // [B, 1 + patches, width]

        float[] table = [.. read("visual.positional_embedding")];
        float[] classToken = read("visual.class_embedding");
        for (int i = 0; i < width; i++)
            table[i] += classToken[i];
        Value positions = graph.Weight("visual.positional_embedding", [1, 1 + patches, width], table, tower.Type);
        return graph.Tap("/visual/embed", graph.Node("Add", "/visual/positions", [x, positions]));
    }

    /// <summary>CLIP's image tower without a second path or adapters: the class token after ln_post, [B, 1, width].</summary>
    /// <param name="image">[B, 3, S, S], normalised.</param>
    internal static Value ClassToken(
        GraphWriter graph,
        TransformerWriter tower,
        Value image,
        VisionArchitecture shape,
        Func<string, float[]> read
    )
    {
        int width = shape.Vision.Width;
        Value x = Embed(graph, tower, image, width, shape.Patch, shape.Grid, read);
        x = graph.Tap("/visual/ln_pre", tower.LayerNorm(x, "visual.ln_pre", "/visual/ln_pre", width)); // [B, 1 + patches, width]
        for (int block = 0; block < shape.Vision.Layers; block++)
            x = tower.Block(x, shape.Vision, $"visual.transformer.resblocks.{block}.", $"/visual/blocks.{block}", causal: false);
        return graph.Tap("/head/ln_post", tower.LayerNorm(graph.Slice("/head", x, 0, 1, 1), "visual.ln_post", "/head/ln_post", width));
    }

    // Float32 from here on: [B, patches, E].
    private static Value Head(
        TransformerWriter tower,
        Value tokens,
        AdapterDescription? adapters,
        string name,
        string path,
        ModelArchitecture shape
    )
    {
        int width = shape.Vision.Width;
        if (adapters is null)
            return tower.ToFloat32(tower.Project(tokens, "visual.proj", $"{path}/proj", width, shape.Embed), path);
        string key = $"image_adapter.{name}.fc.weight";
        Value projected = tower.LinearExact(tokens, key, $"{path}/proj", width, shape.Embed);
        return tower.ToFloat32(adapters.Relu ? tower.LeakyRelu(projected, $"{path}/proj") : projected, path);
    }

    // T_abnormal − T_normal, [B, E, 1].
    internal static Value Difference(GraphWriter graph, Value anchors)
    {
        Value[] columns = graph.Nodes("Split", "", "/head/anchors", 2, [anchors], Int("axis", 2), Int("num_outputs", 2));
        return graph.Node("Sub", "/head/anchors", [columns[1], columns[0]]);
    }

    // (100·F·T_abnormal + 1 − 100·F·T_normal)/2 = 50·F·(T_abnormal − T_normal) + ½ with F = f/max(‖f‖, 1e-12); [B, patches, 1].
    private static Value LevelScores(GraphWriter graph, TransformerWriter tower, Value projected, Value difference, string path)
    {
        Value unit = graph.Tap($"{path}/feature", Normalize(graph, tower, graph.Tap($"{path}/proj", projected), path));
        Value dot = graph.Node("MatMul", $"{path}/dot", [unit, difference]);
        Value scaled = graph.Node("Mul", $"{path}/scaled", [dot, graph.Scalar(50)]);
        return graph.Tap($"{path}/score", graph.Node("Add", $"{path}/score", [scaled, graph.Scalar(0.5f)]));
    }

    // s = (d·T_abnormal + 1)/2 with d the mean of the unit patch vectors; [B].
    private static Value Detection(GraphWriter graph, TransformerWriter tower, Value projected, Value anchors)
    {
        const string Path = "/head/detection";
        Value unit = Normalize(graph, tower, graph.Tap($"{Path}/proj", projected), Path);
        Value mean = graph.Tap($"{Path}/feature", graph.Node("ReduceMean", Path, [unit, graph.Integers(1)], Int("keepdims", 0))); // [B, E]
        Value abnormal = graph.Node("Gather", Path, [anchors, graph.Integers(1)], Int("axis", 2)); // [B, E, 1]
        abnormal = graph.Node("Squeeze", Path, [abnormal, graph.Integers(2)]);
        Value dot = graph.Node(
            "ReduceSum",
            Path,
            [graph.Node("Mul", $"{Path}/dot", [mean, abnormal]), graph.Integers(1)],
            Int("keepdims", 0)
        );
        return graph.Node("Mul", $"{Path}/half", [graph.Node("Add", $"{Path}/one", [dot, graph.Scalar(1)]), graph.Scalar(0.5f)]);
    }

    // x / max(‖x‖, 1e-12)
    internal static Value Normalize(GraphWriter graph, TransformerWriter tower, Value x, string path)
    {
        Value norm = graph.Node("ReduceL2", $"{path}/norm", [x, graph.Integers(-1)], Int("keepdims", 1));
        return graph.Node("Div", $"{path}/unit", [x, graph.Node("Max", $"{path}/norm", [norm, graph.Scalar(1e-12f)])]);
    }
}
