using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes the text tower for learned prompts (Crane, AnomalyCLIP; docs/methods.md). Inputs: prompts [N, context, width], token embeddings
/// with learned rows, without positions; ends [N, 1] int64, the position of the end mark. Output: features [N, E], not normalised. Before
/// block i, from the second, rows 1…n are overwritten with that block's deep prompts.
/// </summary>
internal static class PromptedTextGraph
{
    /// <param name="deep">Deep prompts, [n, width] each: the first for the second block.</param>
    public static void Write(
        string path,
        ModelArchitecture shape,
        Activation activation,
        IReadOnlyList<float[]> deep,
        Func<string, float[]> read
    )
    {
        using GraphWriter graph = new(path);
        TransformerWriter tower = new(graph, read, Precision.Fp32, activation);
        int width = shape.Text.Width;
        Value x = graph.Input("prompts", DataType.Float, "N", shape.Context, width);
        Value ends = graph.Input("ends", DataType.Int64, "N", 1);
        Value positions = graph.Weight("positional_embedding", [1, shape.Context, width], read("positional_embedding"));
        x = graph.Node("Add", "/text/positions", [x, positions]);
        for (int block = 0; block < shape.Text.Layers; block++)
        {
            if (block > 0 && block <= deep.Count)
            {
                int rows = deep[block - 1].Length / width;
                Value learned = graph.Weight($"deep.{block}", [1, rows, width], deep[block - 1]);
                x = Overwrite(graph, x, learned, rows, width, $"/text/deep.{block}");
            }

            x = tower.Block(x, shape.Text, $"transformer.resblocks.{block}.", $"/text/blocks.{block}", causal: true);
        }

        x = tower.LayerNorm(x, "ln_final", "/text/ln_final", width);
        Value pooled = graph.Node("GatherND", "/text/end", [x, ends], Int("batch_dims", 1)); // [N, width]
        Value features = tower.Project(pooled, "text_projection", "/text/proj", width, shape.Embed);
        graph.Output("features", features, DataType.Float, "N", shape.Embed);
        graph.Save();
    }

    // Rows 1 to n of each sentence become the prompts, [1, n, width].
    internal static Value Overwrite(GraphWriter graph, Value x, Value prompts, int rows, int width, string path)
    {
        Value kept = graph.Slice(path, x, 0, 1, 1);
        Value rest = graph.Slice($"{path}/rest", x, 1 + rows, null, 1);
        Value count = graph.Node("Shape", path, [x], Int("start", 0), Int("end", 1)); // [1]: N
        Value all = graph.Node("Concat", $"{path}/shape", [count, graph.Integers(rows, width)], Int("axis", 0));
        Value repeated = graph.Node("Expand", path, [prompts, all]);
        return graph.Node("Concat", path, [kept, repeated, rest], Int("axis", 1));
    }
}
