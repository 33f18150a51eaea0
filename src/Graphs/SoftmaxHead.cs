using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// The head of methods that compare cosines by a softmax (Crane, AnomalyCLIP, AnoVL; docs/methods.md). Of two classes, the softmax is the
/// sigmoid of the difference of the logits d = F·(T_abnormal − T_normal)/τ.
/// </summary>
internal static class SoftmaxHead
{
    /// <param name="levels">[B, patches, width] each, after ln_post.</param>
    /// <param name="last">[B, 1 + patches, width]: the ordinary path after the last block.</param>
    /// <param name="anchors">[B, E, 2].</param>
    public static void Write(
        GraphWriter graph,
        TransformerWriter tower,
        Method method,
        ModelArchitecture shape,
        Value[] levels,
        Value last,
        Value anchors
    )
    {
        Value difference = ImageGraph.Difference(graph, anchors); // [B, E, 1]
        Value[] features = new Value[levels.Length], // [B, patches, E]
            logits = new Value[levels.Length]; // [B, patches, 1]
        for (int level = 0; level < levels.Length; level++)
        {
            string path = $"/head/levels.{level}";
            Value projected = graph.Tap($"{path}/proj", Project(tower, levels[level], $"{path}/proj", shape));
            features[level] = graph.Tap($"{path}/feature", ImageGraph.Normalize(graph, tower, projected, path));
            logits[level] = graph.Tap($"{path}/logit", Logit(graph, features[level], difference, method.Temperature, path));
        }

        Value grid = method.LevelMix switch
        {
            LevelMix.Logits => Mean(graph, logits, "/head/map"),
            LevelMix.Mean => Mean(graph, Probabilities(graph, logits), "/head/map"),
            _ => Sum(graph, Probabilities(graph, logits), "/head/map"),
        };
        Value map = graph.Node("Reshape", "/head/map", [grid, graph.Integers(-1, shape.Grid, shape.Grid)]);
        graph.Output("map", map, DataType.Float, "B", shape.Grid, shape.Grid);

        Value whole = ClassFeature(graph, tower, method, shape, last);
        if (method.Pooling)
            whole = Pooled(graph, tower, whole, features, logits);
        const string Path = "/head/detection";
        Value logit = graph.Tap($"{Path}/logit", Logit(graph, whole, difference, method.Temperature, Path)); // [B, 1, 1]
        Value score = graph.Node("Sigmoid", Path, [logit]);
        graph.Output("detection", graph.Node("Reshape", Path, [score, graph.Integers(-1)]), DataType.Float, "B");
    }

    // CLIP's image feature, of norm 1: [B, 1, E].
    private static Value ClassFeature(GraphWriter graph, TransformerWriter tower, Method method, ModelArchitecture shape, Value last)
    {
        const string Path = "/head/class";
        Value token = graph.Slice(Path, last, 0, 1, 1); // [B, 1, width]
        if (method.ClassNorm)
            token = tower.LayerNorm(token, "visual.ln_post", $"{Path}/ln_post", shape.Vision.Width);
        Value projected = graph.Tap($"{Path}/proj", Project(tower, token, $"{Path}/proj", shape));
        return graph.Tap($"{Path}/feature", ImageGraph.Normalize(graph, tower, projected, Path));
    }

    // Crane: patches, weighted by their probabilities, make half of the class feature.
    private static Value Pooled(GraphWriter graph, TransformerWriter tower, Value whole, Value[] features, Value[] logits)
    {
        const string Path = "/head/pooling";
        Value probability = graph.Node("Sigmoid", Path, [Mean(graph, logits, $"{Path}/logits")]);
        Value weights = graph.Tap($"{Path}/weights", probability); // [B, patches, 1]
        Value row = graph.Node("Transpose", Path, [weights], Ints("perm", 0, 2, 1));
        Value mixed = graph.Node("MatMul", Path, [row, Mean(graph, features, $"{Path}/features")]); // [B, 1, E]
        mixed = graph.Tap($"{Path}/feature", ImageGraph.Normalize(graph, tower, mixed, $"{Path}/mixed"));
        Value sum = graph.Node("Add", Path, [mixed, whole]); // half of the sum has the same direction
        return graph.Tap($"{Path}/fused", ImageGraph.Normalize(graph, tower, sum, $"{Path}/fused"));
    }

    private static Value Project(TransformerWriter tower, Value tokens, string path, ModelArchitecture shape) =>
        tower.ToFloat32(tower.Project(tokens, "visual.proj", path, shape.Vision.Width, shape.Embed), path);

    internal static Value Logit(GraphWriter graph, Value feature, Value difference, double temperature, string path) =>
        graph.Node(
            "Mul",
            $"{path}/logit",
            [graph.Node("MatMul", $"{path}/dot", [feature, difference]), graph.Scalar((float)(1 / temperature))]
        );

    private static Value[] Probabilities(GraphWriter graph, Value[] logits) =>
        [.. logits.Select((l, level) => graph.Tap($"/head/levels.{level}/score", graph.Node("Sigmoid", $"/head/levels.{level}", [l])))];

    private static Value Sum(GraphWriter graph, Value[] values, string path) =>
        values.Length == 1 ? values[0] : graph.Node("Sum", path, values);

    internal static Value Mean(GraphWriter graph, Value[] values, string path) =>
        values.Length == 1 ? values[0] : graph.Node("Mean", path, values);
}
