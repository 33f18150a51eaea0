using AaClip.Graphs;
using AaClip.Scoring.Packages;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Bench;

/// <summary>Writes graphs that contain only matrix products, to measure the limit of a machine.</summary>
public static class ProductGraph
{
    /// <summary>Writes the graph and weights file of one product: x [N, inner] · W [inner, columns]. x and y are float32.</summary>
    /// <param name="precision">float32, or int8 as the product's int8 packages multiply.</param>
    public static void Write(string path, int inner, int columns, Precision precision = Precision.Fp32)
    {
        using GraphWriter graph = new(path);
        Value x = graph.Input("x", DataType.Float, "N", inner);
        float[] weights = Values(inner, columns);
        Value y;
        if (precision == Precision.Int8)
        {
            (sbyte[] values, float[] scales) = Quantization.PerOutput(weights, inner, columns);
            Value stored = graph.Weight("W", [inner, columns], values);
            y = graph.Fused("DynamicQuantizeMatMul", "/product", [x, stored, graph.Weight("W.scale", [columns], scales)]);
        }
        else
        {
            y = graph.Node("MatMul", "/product", [x, graph.Weight("W", [inner, columns], weights)]);
        }

        graph.Output("y", y, DataType.Float, "N", columns);
        graph.Save();
    }

    /// <summary>
    /// Writes a graph of consecutive products with random weights: x [N, inner] · U [inner, columns] · D [columns, inner], repeated. It
    /// runs long enough on a GPU that the launch time does not matter. x and the result are float32.
    /// </summary>
    /// <param name="pairs">Number of pairs U, D.</param>
    /// <param name="precision">Precision of the products: float32 or float16.</param>
    public static void WriteChain(string path, int inner, int columns, int pairs, Precision precision)
    {
        DataType type = precision == Precision.Fp16 ? DataType.Float16 : DataType.Float;
        using GraphWriter graph = new(path);
        Value up = graph.Weight("U", [inner, columns], Values(inner, columns), type);
        Value down = graph.Weight("D", [columns, inner], Values(columns, inner), type);
        Value x = graph.Node("Cast", "/x", [graph.Input("x", DataType.Float, "N", inner)], GraphWriter.Int("to", (int)type));
        for (int i = 0; i < pairs; i++)
            x = graph.Node("MatMul", $"/down.{i}", [graph.Node("MatMul", $"/up.{i}", [x, up]), down]);
        graph.Output("y", graph.Node("Cast", "/y", [x], GraphWriter.Int("to", (int)DataType.Float)), DataType.Float, "N", inner);
        graph.Save();
    }

    /// <summary>Writes a graph of consecutive attentions, each over the result of the one before. x and y are float32.</summary>
    /// <param name="count">Number of attentions.</param>
    /// <param name="precision">Precision of the attentions: float32 or float16.</param>
    public static void WriteAttentions(string path, int tokens, int width, int heads, int count, Precision precision)
    {
        DataType type = precision == Precision.Fp16 ? DataType.Float16 : DataType.Float;
        using GraphWriter graph = new(path);
        Value x = graph.Input("x", DataType.Float, "N", tokens, width);
        x = graph.Node("Cast", "/x", [x], GraphWriter.Int("to", (int)type));
        for (int i = 0; i < count; i++)
            x = graph.Fused("MultiHeadAttention", $"/attention.{i}", [x, x, x], GraphWriter.Int("num_heads", heads));
        x = graph.Node("Cast", "/y", [x], GraphWriter.Int("to", (int)DataType.Float));
        graph.Output("y", x, DataType.Float, "N", tokens, width);
        graph.Save();
    }

    // The weights are scaled so that a product keeps the magnitude of its input.
    private static float[] Values(int inner, int columns)
    {
        Random random = new(inner);
        float width = MathF.Sqrt(12f / inner); // width of a uniform distribution with standard deviation 1/√inner
        float[] values = new float[inner * columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = width * (random.NextSingle() - 0.5f);
        return values;
    }
}
