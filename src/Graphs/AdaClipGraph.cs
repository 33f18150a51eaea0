using AaClip.Graphs.Proto;
using AaClip.Scoring.Clusters;
using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes image.onnx of AdaCLIP (docs/methods.md), whose anchors depend on the image: the plain image tower makes prompts, the text tower
/// makes anchors with them, and the image tower runs again with prompts. Inputs: image [1,3,S,S]; anchors [1,sentences,1+context], the side
/// and the tokens of each sentence. Outputs: map [1,g,g], mean difference of logits; and for <see cref="ClusteredScore"/>, which makes the
/// detection score, selected [1,n,levels·E], the most anomalous patches, class [1,E], and difference [1,E] of the anchors. All but the
/// image tower is float32.
/// </summary>
internal sealed class AdaClipGraph
{
    private readonly GraphWriter _graph;
    private readonly TransformerWriter _tower,
        _exact;
    private readonly ModelArchitecture _shape;
    private readonly Method _method;
    private readonly HybridPrompts _prompts;
    private readonly Func<string, float[]> _read;

    private AdaClipGraph(
        GraphWriter graph,
        ModelArchitecture shape,
        Precision precision,
        Activation activation,
        Func<string, float[]> read,
        Method method
    )
    {
        (_graph, _shape, _method, _read) = (graph, shape, method, read);
        _tower = new TransformerWriter(graph, read, precision, activation);
        _exact = new TransformerWriter(graph, read, Precision.Fp32, activation);
        _prompts = method.Hybrid ?? throw new ArgumentException("The method has no hybrid prompts.", nameof(method));
    }

    /// <param name="read">Returns values by internal name; the names of AdaCLIP's checkpoint without its prefix are among them.</param>
    /// <inheritdoc cref="ImageGraph.Write"/>
    public static void Write(
        string path,
        ModelArchitecture shape,
        Precision precision,
        Activation activation,
        Func<string, float[]> read,
        Method method,
        IEnumerable<string>? taps = null
    )
    {
        using GraphWriter graph = new(path, taps);
        new AdaClipGraph(graph, shape, precision, activation, read, method).Write();
        graph.Save();
    }

    private void Write()
    {
        int width = _shape.Vision.Width;
        Value image = _graph.Input("image", DataType.Float, 1, 3, _shape.ImageSize, _shape.ImageSize);
        Value sentences = _graph.Input("anchors", DataType.Float, 1, "sentences", 1 + _shape.Context);

        // 1. The plain tower sees the image, and makes prompts for both towers
        Value embedded = ImageGraph.Embed(_graph, _tower, image, _shape.Vision.Width, _shape.Patch, _shape.Grid, _read);
        embedded = _graph.Tap("/visual/ln_pre", _tower.LayerNorm(embedded, "visual.ln_pre", "/visual/ln_pre", width));
        Value plain = embedded;
        for (int block = 0; block < _shape.Vision.Layers; block++)
            plain = ImageBlock(plain, block, "/plain");
        Value seen = ClassFeature(plain, "/plain/class");
        Value visual = Dynamic(seen, "visual", width),
            text = Dynamic(seen, "text", _shape.Text.Width);

        // 2. The text tower makes the anchors of this image
        Value difference = ImageGraph.Difference(_graph, Anchors(sentences, text)); // [1, E, 1]

        // 3. The image tower with prompts
        Value[] tokens = new Value[_shape.Levels.Count]; // [1, patches, width] each
        Value x = embedded;
        for (int block = 0; block < _shape.Vision.Layers; block++)
        {
            if (block < _prompts.Blocks)
                x = Append(x, Prompts(visual, "visual", block, width, _tower.Type), block);
            x = ImageBlock(x, block, "/visual");
            for (int level = 0; level < tokens.Length; level++)
                if (_shape.Levels[level] == block + 1)
                    tokens[level] = _graph.Slice($"/head/levels.{level}", x, 1, 1 + _shape.Grid * _shape.Grid, 1);
        }

        ReferenceHead.Write(_graph, _shape, tokens, withClass: false);

        // 4. Head
        Value whole = ClassFeature(x, "/visual/class");
        whole = Affine(_graph.Tap("/visual/class", whole), "cls_token_layer.head.0", "/head/class/proj", _shape.Embed, _shape.Embed);
        Head(
            [.. tokens.Select(LevelFeature)],
            _graph.Tap("/head/class", ImageGraph.Normalize(_graph, _exact, whole, "/head/class")),
            difference
        );
    }

    private Value ImageBlock(Value x, int block, string path) =>
        _tower.Block(x, _shape.Vision, $"visual.transformer.resblocks.{block}.", $"{path}/blocks.{block}", causal: false);

    // CLIP's image feature, not normalised: [1, 1, E].
    private Value ClassFeature(Value x, string path)
    {
        Value token = _tower.ToFloat32(_graph.Slice(path, x, 0, 1, 1), path);
        token = _exact.LayerNorm(token, "visual.ln_post", $"{path}/ln_post", _shape.Vision.Width);
        return _exact.Project(token, "visual.proj", $"{path}/proj", _shape.Vision.Width, _shape.Embed);
    }

    // The part of the prompts that is made from the image, the same for all blocks: [1, rows, width].
    private Value Dynamic(Value seen, string kind, int width)
    {
        string path = $"/prompts/{kind}";
        Value[] rows =
        [
            .. Enumerable
                .Range(0, _prompts.Rows)
                .Select(i => Affine(seen, $"dynamic_{kind}_prompt_generator.head.{i}", $"{path}/row.{i}", _shape.Embed, width)),
        ];
        return _graph.Tap(path, _graph.Node("Concat", path, rows, Int("axis", 1)));
    }

    // The prompts of a block; the published code rounds them to float16.
    private Value Prompts(Value dynamic, string kind, int block, int width, DataType type)
    {
        string path = $"/prompts/{kind}/block.{block}",
            key = $"{kind}_prompter.static_prompts.{block}";
        Value learned = _graph.Weight(key, [1, _prompts.Rows, width], _read(key));
        Value sum = _graph.Node("Add", path, [dynamic, learned]);
        Value half = _graph.Node("Cast", $"{path}/half", [sum], Int("to", (int)DataType.Float16));
        return type == DataType.Float16 ? half : _graph.Node("Cast", path, [half], Int("to", (int)type));
    }

    // Prompts come behind the patches; those of the block before are dropped.
    private Value Append(Value x, Value prompts, int block)
    {
        string path = $"/visual/prompts.{block}";
        Value image = block == 0 ? x : _graph.Slice(path, x, 0, 1 + _shape.Grid * _shape.Grid, 1);
        return _graph.Node("Concat", path, [image, prompts], Int("axis", 1));
    }

    // T_normal and T_abnormal, [1, E, 2]. A token attends to earlier ones only, so nothing behind the longest sentence is computed.
    private Value Anchors(Value sentences, Value dynamic)
    {
        const string Path = "/text";
        int width = _shape.Text.Width,
            rows = _prompts.Rows;
        Value all = _graph.Node("Squeeze", Path, [sentences, _graph.Integers(0)]); // [N, 1 + context]
        Value tokens = _graph.Node("Cast", Path, [_graph.Slice($"{Path}/tokens", all, 1, null, 1)], Int("to", (int)DataType.Int64));
        Value ends = _graph.Node("ArgMax", $"{Path}/end", [tokens], Int("axis", 1), Int("keepdims", 1)); // [N, 1]
        Value last = _graph.Node("ReduceMax", $"{Path}/end", [ends, _graph.Integers(0, 1)], Int("keepdims", 0));
        last = _graph.Node("Max", $"{Path}/end", [last, _graph.Integers(rows)]); // all prompts have a place: [1]
        Value length = _graph.Node("Add", $"{Path}/length", [last, _graph.Integers(1)]);

        Value table = _graph.Weight("token_embedding.weight", [_shape.Vocabulary, width], _read("token_embedding.weight"));
        Value positions = _graph.Weight("positional_embedding", [1, _shape.Context, width], _read("positional_embedding"));
        Value x = _graph.Node("Gather", $"{Path}/embed", [table, Cut(tokens, "tokens")], Int("axis", 0)); // [N, length, width]
        x = _graph.Node("Add", $"{Path}/positions", [x, Cut(positions, "positions")]);
        for (int block = 0; block < _shape.Text.Layers; block++)
        {
            if (block > 0 && block < _prompts.Blocks)
            {
                Value prompts = Prompts(dynamic, "text", block, width, DataType.Float);
                x = PromptedTextGraph.Overwrite(_graph, x, prompts, rows, width, $"{Path}/prompts.{block}");
            }

            x = _exact.Block(x, _shape.Text, $"transformer.resblocks.{block}.", $"{Path}/blocks.{block}", causal: true);
        }

        x = _exact.LayerNorm(x, "ln_final", $"{Path}/ln_final", width);
        Value pooled = _graph.Node("GatherND", $"{Path}/pooled", [x, ends], Int("batch_dims", 1)); // [N, width]
        Value features = _exact.Project(pooled, "text_projection", $"{Path}/proj", width, _shape.Embed);
        features = ImageGraph.Normalize(_graph, _exact, features, $"{Path}/feature"); // [N, E]
        Value abnormal = _graph.Slice($"{Path}/side", all, 0, 1, 1); // [N, 1]: 1 for abnormal sentences
        Value normal = _graph.Node("Sub", $"{Path}/side", [_graph.Scalar(1), abnormal]);
        Value sides = _graph.Node("Concat", $"{Path}/side", [normal, abnormal], Int("axis", 1)); // [N, 2]
        Value sums = _graph.Node(
            "MatMul",
            $"{Path}/sums",
            [_graph.Node("Transpose", $"{Path}/side", [sides], Ints("perm", 1, 0)), features]
        );
        Value anchors = ImageGraph.Normalize(_graph, _exact, sums, $"{Path}/anchors"); // [2, E]; the sum has the mean's direction
        anchors = _graph.Node("Transpose", $"{Path}/anchors", [anchors], Ints("perm", 1, 0));
        return _graph.Tap("/text/anchors", _graph.Node("Unsqueeze", $"{Path}/anchors", [anchors, _graph.Integers(0)]));

        Value Cut(Value along, string what) =>
            _graph.Node("Slice", $"{Path}/cut/{what}", [along, _graph.Integers(0), length, _graph.Integers(1)]);
    }

    // [1, patches, E], of norm 1
    private Value LevelFeature(Value tokens, int level)
    {
        string path = $"/head/levels.{level}";
        Value projected = Affine(
            _tower.ToFloat32(tokens, path),
            $"patch_token_layer.head.{level}",
            $"{path}/proj",
            _shape.Vision.Width,
            _shape.Embed
        );
        return _graph.Tap($"{path}/feature", ImageGraph.Normalize(_graph, _exact, projected, path));
    }

    private void Head(Value[] levels, Value whole, Value difference)
    {
        int cells = _shape.Grid * _shape.Grid,
            count = Math.Min(cells, ClusteredScore.PatchesPerCluster * _prompts.Clusters);
        Value[] logits =
        [
            .. levels.Select(
                (feature, level) => SoftmaxHead.Logit(_graph, feature, difference, _method.Temperature, $"/head/levels.{level}")
            ),
        ];
        Value mean = SoftmaxHead.Mean(_graph, logits, "/head/map"); // [1, patches, 1]
        _graph.Output(
            "map",
            _graph.Node("Reshape", "/head/map", [mean, _graph.Integers(1, _shape.Grid, _shape.Grid)]),
            DataType.Float,
            1,
            _shape.Grid,
            _shape.Grid
        );

        const string Path = "/head/selected";
        Value flat = _graph.Node("Reshape", Path, [mean, _graph.Integers(1, cells)]);
        Value[] top = _graph.Nodes("TopK", "", Path, 2, [flat, _graph.Integers(count)]);
        Value which = _graph.Node("Unsqueeze", Path, [_graph.Tap("/head/selected", top[1]), _graph.Integers(2)]); // [1, n, 1]
        Value all = _graph.Node("Concat", Path, levels, Int("axis", 2)); // [1, patches, levels·E]
        int features = levels.Length * _shape.Embed;
        _graph.Output("selected", _graph.Node("GatherND", Path, [all, which], Int("batch_dims", 1)), DataType.Float, 1, count, features);
        _graph.Output("class", Row(whole, "class"), DataType.Float, 1, _shape.Embed);
        _graph.Output("difference", Row(difference, "difference"), DataType.Float, 1, _shape.Embed);

        Value Row(Value vector, string what) => _graph.Node("Reshape", $"/head/row/{what}", [vector, _graph.Integers(1, _shape.Embed)]);
    }

    // x·Wᵀ + b, never quantised.
    private Value Affine(Value x, string key, string path, int inputs, int outputs) =>
        _graph.Node("Add", path, [_exact.LinearExact(x, $"{key}.weight", path, inputs, outputs), _exact.Vector($"{key}.bias", outputs)]);
}
