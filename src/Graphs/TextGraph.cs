using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes text.onnx. Input: tokens [N, context] int64. Output: features [N, E], not normalised (specification 1.5 and 2.3;
/// model/adapter.py). The feature is taken at the first position of the largest token id, which is the end marker.
/// </summary>
internal static class TextGraph
{
    /// <param name="adapters">Description of the text adapters. Null for the plain tower with CLIP's projection.</param>
    public static void Write(
        string path,
        ModelArchitecture shape,
        AdapterDescription? adapters,
        Precision precision,
        Activation activation,
        Func<string, float[]> read,
        IEnumerable<string>? taps = null
    )
    {
        using GraphWriter graph = new(path, taps);
        TransformerWriter tower = new(graph, read, precision, activation);
        int width = shape.Text.Width;

        Value tokens = graph.Input("tokens", DataType.Int64, "N", shape.Context);
        Value table = graph.Weight("token_embedding.weight", [shape.Vocabulary, width], read("token_embedding.weight"));
        Value positions = graph.Weight("positional_embedding", [1, shape.Context, width], read("positional_embedding"));
        Value x = graph.Node("Gather", "/text/embed", [table, tokens], Int("axis", 0)); // [N, context, width]
        x = graph.Tap("/text/embed", graph.Node("Add", "/text/positions", [x, positions]));

        for (int block = 0; block < shape.Text.Layers; block++)
        {
            x = tower.Block(x, shape.Text, $"transformer.resblocks.{block}.", $"/text/blocks.{block}", causal: true);
            if (adapters is not null && block < adapters.TextBlocks)
                x = tower.Adapter(x, $"text_adapter.{block}.fc.0.weight", $"/text/adapters.{block}", width, adapters.TextShare);
        }

        x = graph.Tap("/text/ln_final", tower.LayerNorm(x, "ln_final", "/text/ln_final", width));
        Value end = graph.Node("ArgMax", "/text/end", [tokens], Int("axis", 1), Int("keepdims", 1)); // [N, 1]
        Value pooled = graph.Tap("/text/pooled", graph.Node("GatherND", "/text/end", [x, end], Int("batch_dims", 1))); // [N, width]
        Value features = adapters is null
            ? tower.Project(pooled, "text_projection", "/text/proj", width, shape.Embed)
            : tower.LeakyRelu(
                tower.LinearExact(pooled, $"text_adapter.{adapters.TextBlocks}.fc.0.weight", "/text/proj", width, shape.Embed),
                "/text/proj"
            );
        graph.Output("features", features, DataType.Float, "N", shape.Embed);
        graph.Save();
    }
}
