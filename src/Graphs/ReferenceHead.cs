using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// The part of image.onnx that compares patches with those of good images (docs/methods.md). Input: references [levels, width, M], of
/// length 1 along the width; without it, or with M = 0, nothing of this runs. Outputs: distance [B,g,g], the mean over the levels of
/// 1 − the largest cosine with a reference, where negative cosines count as 0; patches [B, levels, patches, width], of length 1.
/// </summary>
internal static class ReferenceHead
{
    private const string Path = "/references";

    /// <param name="levels">Values of the tower at the levels, before ln_post.</param>
    /// <param name="withClass">Whether they begin with the class token: [B, 1 + patches, width].</param>
    public static void Write(GraphWriter graph, ModelArchitecture shape, IReadOnlyList<Value> levels, bool withClass)
    {
        int width = shape.Vision.Width,
            grid = shape.Grid;
        Value references = graph.OptionalInput("references", DataType.Float, levels.Count, width, "M");
        Value count = graph.Node("Shape", Path, [references], Int("start", 2), Int("end", 3));
        Value some = graph.Node("Greater", Path, [count, graph.Integers(0)]);
        Value[] found = graph.If(Path, some, DataType.Float, Compare, Nothing);
        graph.Output("distance", found[0], DataType.Float, "R", grid, grid); // R = B, or 0 without references
        graph.Output("patches", found[1], DataType.Float, "R", levels.Count, grid * grid, width);

        Value[] Compare()
        {
            List<Value> cosines = [],
                units = [];
            for (int level = 0; level < levels.Count; level++)
            {
                string path = $"{Path}/levels.{level}";
                Value tokens = withClass ? graph.Slice(path, levels[level], 1, null, 1) : levels[level];
                Value unit = Unit(graph, graph.Node("Cast", path, [tokens], Int("to", (int)DataType.Float)), path);
                Value bank = graph.Node("Gather", path, [references, graph.Integers(level)], Int("axis", 0)); // [1, width, M]
                bank = graph.Node("Squeeze", path, [bank, graph.Integers(0)]);
                Value all = graph.Node("MatMul", path, [unit, bank]); // [B, patches, M]
                Value best = graph.Node("ReduceMax", path, [all, graph.Integers(-1)], Int("keepdims", 0));
                cosines.Add(graph.Node("Clip", path, [best, graph.Scalar(0), graph.Scalar(1)]));
                units.Add(graph.Node("Unsqueeze", path, [unit, graph.Integers(1)]));
            }

            Value mean = graph.Node("Mean", Path, [.. cosines]);
            Value distance = graph.Node("Sub", Path, [graph.Scalar(1), mean]);
            return
            [
                graph.Node("Reshape", Path, [distance, graph.Integers(-1, grid, grid)]),
                graph.Node("Concat", Path, [.. units], Int("axis", 1)),
            ];
        }

        Value[] Nothing() =>
            [
                graph.Node("Constant", $"{Path}/no_distance", [], Empty(DataType.Float, 0, grid, grid)),
                graph.Node("Constant", $"{Path}/no_patches", [], Empty(DataType.Float, 0, levels.Count, grid * grid, width)),
            ];
    }

    /// <summary>Adds this part to a graph that was written without it; the weights of the graph do not change.</summary>
    /// <param name="earlier">image.onnx of the package.</param>
    /// <param name="path">The new file; must not exist.</param>
    /// <returns>False if the graph has this part already; then nothing is written.</returns>
    /// <exception cref="InvalidDataException">The levels are not found in the graph: another program wrote it.</exception>
    public static bool Add(string earlier, string path, ModelArchitecture shape)
    {
        using GraphWriter graph = new(path, earlier);
        if (graph.HasInput("references"))
            return false;
        int count = shape.Levels.Count;
        Value[] patches = [.. Enumerable.Range(0, count).Select(Tokens)],
            sums = [.. Enumerable.Range(0, count).Select(FusedTokens)];
        bool withClass = !patches.All(graph.Makes);
        Value[] levels = withClass ? sums : patches;
        if (!levels.All(graph.Makes))
            throw new InvalidDataException($"The levels are not found in '{earlier}': import the model again.");
        Write(graph, shape, levels, withClass);
        graph.Save();
        return true;
    }

    // Where the writers of image.onnx leave the values of a level
    private static Value Tokens(int level) => new($"/head/levels.{level}/Slice");

    private static Value FusedTokens(int level) => new($"/head/levels.{level}/ln_post/SkipLayerNormalization:3");

    // x / max(‖x‖, 1e-12)
    private static Value Unit(GraphWriter graph, Value x, string path)
    {
        Value norm = graph.Node("ReduceL2", $"{path}/norm", [x, graph.Integers(-1)], Int("keepdims", 1));
        return graph.Node("Div", $"{path}/unit", [x, graph.Node("Max", $"{path}/norm", [norm, graph.Scalar(1e-12f)])]);
    }
}
