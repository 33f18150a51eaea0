using AaClip.Scoring.Packages;
using static AaClip.Graphs.GraphWriter;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes check.onnx, which tells generated pictures from photos (C2P-CLIP, arXiv 2408.09647; inference.py of its repository). Input: image
/// [B,3,S,S]. Output: logit [B], positive for a generated picture.
/// <code>
/// image ─ patches, class token, ln_pre ─ blocks ─ class token ─ ln_post ─ proj ─ unit length ─ fc ─► logit
/// </code>
/// </summary>
internal static class CheckGraph
{
    /// <summary>Name of the last layer's weight, [1, E].</summary>
    public const string LastWeight = "fc.weight";

    /// <summary>Name of the last layer's bias, [1].</summary>
    public const string LastBias = "fc.bias";

    /// <param name="path">Path of check.onnx; the folder must exist.</param>
    /// <param name="read">Returns values by internal name: those of the image tower, and <see cref="LastWeight"/> and bias.</param>
    /// <param name="taps">Inner values that become outputs, for tests.</param>
    public static void Write(
        string path,
        VisionArchitecture shape,
        Precision precision,
        Activation activation,
        Func<string, float[]> read,
        IEnumerable<string>? taps = null
    )
    {
        using GraphWriter graph = new(path, taps);
        TransformerWriter tower = new(graph, read, precision, activation);

        Value image = graph.Input("image", DataType.Float, "B", 3, shape.ImageSize, shape.ImageSize);
        // The published code divides by the length alone; a length below 1e-12 does not occur
        const string Head = "/head";
        Value token = ImageGraph.ClassToken(graph, tower, image, shape, read); // [B, 1, width]
        Value projected = tower.Project(token, "visual.proj", $"{Head}/proj", shape.Vision.Width, shape.Embed);
        Value feature = tower.ToFloat32(projected, Head); // [B, 1, E]
        Value unit = ImageGraph.Normalize(graph, tower, graph.Tap($"{Head}/feature", feature), Head);
        Value weight = graph.Weight(LastWeight, [shape.Embed, 1], read(LastWeight));
        Value product = graph.Node("MatMul", $"{Head}/fc", [graph.Tap($"{Head}/unit", unit), weight]);
        Value logit = graph.Node("Add", $"{Head}/fc", [product, graph.Weight(LastBias, [1], read(LastBias))]);
        graph.Output("logit", graph.Node("Reshape", Head, [logit, graph.Integers(-1)]), DataType.Float, "B");
        graph.Save();
    }
}
