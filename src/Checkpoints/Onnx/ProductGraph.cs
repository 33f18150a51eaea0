using static AaClip.Checkpoints.Onnx.Proto.TensorProto.Types;

namespace AaClip.Checkpoints.Onnx;

/// <summary>Writes a graph of one matrix product, x [N, inner] · W [inner, columns], to measure what a machine can give.</summary>
public static class ProductGraph
{
    /// <summary>Writes the graph and its weights file.</summary>
    public static void Write(string path, int inner, int columns)
    {
        using GraphWriter graph = new(path);
        float[] weights = new float[inner * columns];
        Array.Fill(weights, 1f / inner);
        Value x = graph.Input("x", DataType.Float, "N", inner);
        graph.Output("y", graph.Node("MatMul", "/product", [x, graph.Weight("W", [inner, columns], weights)]), DataType.Float, "N", columns);
        graph.Save();
    }
}
