using AaClip.Scoring.Packages;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes frame.onnx: CLIP's image tower to its class feature. Input: image [B,3,S,S]. Output: feature [B,E], not normalised, as VadCLIP's
/// features are (demo, crop.py). Float32.
/// </summary>
internal static class FrameGraph
{
    /// <param name="read">Returns values by OpenAI's names.</param>
    public static void Write(string path, VisionArchitecture shape, Activation activation, Func<string, float[]> read)
    {
        using GraphWriter graph = new(path);
        TransformerWriter tower = new(graph, read, Precision.Fp32, activation);
        Value image = graph.Input("image", DataType.Float, "B", 3, shape.ImageSize, shape.ImageSize);
        Value token = ImageGraph.ClassToken(graph, tower, image, shape, read); // [B, 1, width]
        Value feature = tower.Project(token, "visual.proj", "/head/proj", shape.Vision.Width, shape.Embed);
        graph.Output(
            "feature",
            graph.Node("Reshape", "/head", [feature, graph.Integers(-1, shape.Embed)]),
            DataType.Float,
            "B",
            shape.Embed
        );
        graph.Save();
    }
}
