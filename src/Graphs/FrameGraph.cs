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
    public static void Write(string path, ModelArchitecture shape, Activation activation, Func<string, float[]> read)
    {
        using GraphWriter graph = new(path);
        TransformerWriter tower = new(graph, read, Precision.Fp32, activation);
        int width = shape.Vision.Width;
        Value image = graph.Input("image", DataType.Float, "B", 3, shape.ImageSize, shape.ImageSize);
        Value x = tower.LayerNorm(
            ImageGraph.Embed(graph, tower, image, width, shape.Patch, shape.Grid, read),
            "visual.ln_pre",
            "/visual/ln_pre",
            width
        );
        for (int block = 0; block < shape.Vision.Layers; block++)
            x = tower.Block(x, shape.Vision, $"visual.transformer.resblocks.{block}.", $"/visual/blocks.{block}", causal: false);
        Value token = graph.Node("Reshape", "/class", [graph.Slice("/class", x, 0, 1, 1), graph.Integers(-1, width)]); // [B, width]
        token = tower.LayerNorm(token, "visual.ln_post", "/class/ln_post", width);
        graph.Output("feature", tower.Project(token, "visual.proj", "/class/proj", width, shape.Embed), DataType.Float, "B", shape.Embed);
        graph.Save();
    }
}
