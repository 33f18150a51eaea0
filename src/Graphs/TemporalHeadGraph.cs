using AaClip.Scoring.Events;
using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes head.onnx, VadCLIP's head (arXiv 2308.11681, section 3; src/model.py and src/utils/layers.py where the code differs). Inputs:
/// features [B,T,D] of T snippets, zeros behind the last; length [B] int64, 1 to T; classes [C,D], the normal class first. Outputs: binary
/// [B,T], logits of "abnormal"; alignment [B,T,C], logits of the classes. Float32: a comparison with 0.7 is discontinuous.
/// <code>
/// features + positions ─► blocks in windows ─┬─ similarity graph ─► gc1 ─► gc2 ─┐
///                                            └─ distance graph ───► gc3 ─► gc4 ─┴─► linear ─► v ─┬─► binary
///                                                        classes + Σ binary·v ─► mlp1 ───────────┴─► alignment
/// </code>
/// Only the similarity graph knows the length: elsewhere the padding takes part, as published.
/// </summary>
internal sealed class TemporalHeadGraph
{
    private const float SmallNorm = 1e-20f; // src/model.py, adj4

    private readonly GraphWriter _graph;
    private readonly TransformerWriter _layers;
    private readonly TemporalHead _shape;
    private readonly Func<string, float[]> _read;

    private TemporalHeadGraph(GraphWriter graph, TemporalHead shape, Func<string, float[]> read)
    {
        (_graph, _shape, _read) = (graph, shape, read);
        _layers = new TransformerWriter(graph, read, Precision.Fp32, Activation.QuickGelu);
    }

    /// <param name="read">Returns values by the checkpoint's names.</param>
    /// <param name="taps">Inner values that become outputs, for tests.</param>
    public static void Write(string path, TemporalHead shape, Func<string, float[]> read, IEnumerable<string>? taps = null)
    {
        using GraphWriter graph = new(path, taps);
        new TemporalHeadGraph(graph, shape, read).Write();
        graph.Save();
    }

    private void Write()
    {
        (int length, int width) = (_shape.Length, _shape.Width);
        Value features = _graph.Input("features", DataType.Float, "B", length, width);
        Value lengths = _graph.Input("length", DataType.Int64, "B");
        Value classes = _graph.Input("classes", DataType.Float, "C", width);

        Value x = Blocks(features);
        Value similar = Branch(x, Similarity(x, lengths), "gc1", "gc2");
        Value near = Branch(
            x,
            _graph.Tap("/graph/distance", _graph.Weight("const/distances", [1, length, length], _shape.Distances())),
            "gc3",
            "gc4"
        );
        Value joined = _graph.Node("Concat", "/linear", [similar, near], Int("axis", 2));
        Value v = _graph.Tap("/visual", _layers.Linear(joined, "linear.weight", "linear.bias", "/linear", 2 * _shape.GraphWidth, width));

        Value binary = _layers.Linear(Residual(v, "mlp2"), "classifier.weight", "classifier.bias", "/binary", width, 1); // [B, T, 1]
        Value alignment = Alignment(v, binary, classes);
        _graph.Output("binary", _graph.Node("Reshape", "/binary", [binary, _graph.Integers(0, length)]), DataType.Float, "B", length);
        _graph.Output("alignment", alignment, DataType.Float, "B", length, "C");
    }

    // All rows have a position, those of the padding too. A window is a sequence of its own: [B·T/w, w, D].
    private Value Blocks(Value features)
    {
        int width = _shape.Width;
        const string Positions = "frame_position_embeddings.weight";
        Value positions = _graph.Weight(Positions, [1, _shape.Length, width], _read(Positions));
        Value x = _graph.Tap("/embed", _graph.Node("Add", "/positions", [features, positions]));
        x = _graph.Node("Reshape", "/windows", [x, _graph.Integers(-1, _shape.Window, width)]);
        TowerShape tower = new(width, _shape.Blocks, 1, _shape.MlpWidth);
        for (int block = 0; block < _shape.Blocks; block++)
            x = _layers.Block(x, tower, $"temporal.resblocks.{block}.", $"/temporal/blocks.{block}", causal: false);
        return _graph.Tap("/temporal", _graph.Node("Reshape", "/sequence", [x, _graph.Integers(-1, _shape.Length, width)]));
    }

    // Softmax over the cosines within the length, where those up to 0.7 are 0, so that every pair keeps a weight; [B, T, T].
    private Value Similarity(Value x, Value lengths)
    {
        const string Path = "/graph/similarity";
        int length = _shape.Length;
        Value norm = _graph.Node("ReduceL2", Path, [x, _graph.Integers(2)], Int("keepdims", 1)); // [B, T, 1]
        Value dots = _graph.Node("MatMul", $"{Path}/dots", [x, Turned(x, $"{Path}/x")]);
        Value norms = _graph.Node("MatMul", $"{Path}/norms", [norm, Turned(norm, $"{Path}/norm")]);
        norms = _graph.Node("Add", $"{Path}/norms", [norms, _graph.Scalar(SmallNorm)]);
        Value cosine = _graph.Tap($"{Path}/cosine", _graph.Node("Div", Path, [dots, norms]));
        Value high = _graph.Node("Greater", Path, [cosine, _graph.Scalar(TemporalHead.SimilarityBound)]);
        Value kept = _graph.Node("Where", $"{Path}/kept", [high, cosine, _graph.Scalar(0)]);

        Value numbers = _graph.Integers([.. Enumerable.Range(0, length).Select(i => (long)i)]); // [T]
        Value end = _graph.Node("Unsqueeze", Path, [lengths, _graph.Integers(1, 2)]); // [B, 1, 1]
        Value columns = _graph.Node("Less", $"{Path}/valid", [_graph.Node("Reshape", $"{Path}/row", [numbers, Shape(1, 1, length)]), end]);
        Value rows = _graph.Node("Less", $"{Path}/rows", [_graph.Node("Reshape", $"{Path}/column", [numbers, Shape(1, length, 1)]), end]);
        Value within = _graph.Node("Where", $"{Path}/within", [columns, kept, _graph.Scalar(-1e30f)]);
        Value weights = _graph.Node("Softmax", Path, [within], Int("axis", 2));
        return _graph.Tap(Path, _graph.Node("Mul", Path, [weights, _graph.Node("Cast", Path, [rows], Int("to", (int)DataType.Float))]));

        Value Shape(params ReadOnlySpan<long> axes) => _graph.Integers(axes);
    }

    // QuickGELU(M·(x·W) + residual(x)), twice: the residual is a convolution over time, then the value itself. [B, T, graph width]
    private Value Branch(Value x, Value weights, string first, string second)
    {
        (int width, int graph) = (_shape.Width, _shape.GraphWidth);
        string path = $"/graph/{first}";
        Value kernel = _graph.Weight($"{first}.residual.weight", [graph, width, TemporalHead.Kernel], _read($"{first}.residual.weight"));
        Value residual = _graph.Node(
            "Conv",
            path,
            [Turned(x, path), kernel, _layers.Vector($"{first}.residual.bias", graph)],
            Ints("kernel_shape", TemporalHead.Kernel),
            Ints("pads", TemporalHead.Kernel / 2, TemporalHead.Kernel / 2)
        ); // [B, graph, T]
        Value y = Mixed(x, weights, Turned(residual, $"{path}/residual"), first, width);
        return Mixed(y, weights, y, second, graph);
    }

    private Value Mixed(Value x, Value weights, Value residual, string name, int inputs)
    {
        string path = $"/graph/{name}";
        Value own = _layers.Project(x, $"{name}.weight", path, inputs, _shape.GraphWidth);
        Value mixed = _graph.Node("Add", path, [_graph.Node("MatMul", $"{path}/mixed", [weights, own]), residual]);
        return _graph.Tap(path, _graph.Fused("QuickGelu", path, [mixed], Float("alpha", 1.702f)));
    }

    // The prompt is weighted with raw logits, over all positions. [B, T, C]
    private Value Alignment(Value v, Value binary, Value classes)
    {
        const string Path = "/alignment";
        Value pooled = _graph.Node("MatMul", $"{Path}/pooled", [Turned(binary, Path), v]); // [B, 1, D]
        Value prompt = _graph.Tap($"{Path}/prompt", Unit(pooled, $"{Path}/prompt"));
        Value names = Residual(_graph.Node("Add", Path, [classes, prompt]), "mlp1"); // [B, C, D]
        _graph.Tap($"{Path}/classes", names);
        Value cosines = _graph.Node("MatMul", Path, [Unit(v, $"{Path}/visual"), Turned(Unit(names, $"{Path}/names"), $"{Path}/names")]);
        return _graph.Node("Div", Path, [cosines, _graph.Scalar(TemporalHead.Temperature)]);
    }

    // x + mlp(x)
    private Value Residual(Value x, string name)
    {
        (int width, int hidden) = (_shape.Width, _shape.MlpWidth);
        Value h = _layers.LinearActivated(x, $"{name}.c_fc.weight", $"{name}.c_fc.bias", $"/{name}/c_fc", width, hidden);
        Value y = _layers.Linear(h, $"{name}.c_proj.weight", $"{name}.c_proj.bias", $"/{name}/c_proj", hidden, width);
        return _graph.Node("Add", $"/{name}", [x, y]);
    }

    private Value Unit(Value x, string path)
    {
        Value norm = _graph.Node("ReduceL2", path, [x, _graph.Integers(2)], Int("keepdims", 1));
        return _graph.Node("Div", $"{path}/unit", [x, norm]);
    }

    // [B, a, b] → [B, b, a]
    private Value Turned(Value x, string path) => _graph.Node("Transpose", path, [x], Ints("perm", 0, 2, 1));
}
