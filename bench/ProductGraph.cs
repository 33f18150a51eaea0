using AaClip.Graphs;
using AaClip.Scoring.Packages;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Bench;

/// <summary>Writes graphs of nothing but matrix products, to measure what a machine can give.</summary>
public static class ProductGraph
{
    /// <summary>Writes the graph and weights file of one product in float32: x [N, inner] · W [inner, columns].</summary>
    public static void Write(string path, int inner, int columns)
    {
        using GraphWriter graph = new(path);
        float[] weights = new float[inner * columns];
        Array.Fill(weights, 1f / inner);
        Value x = graph.Input("x", DataType.Float, "N", inner);
        graph.Output(
            "y",
            graph.Node("MatMul", "/product", [x, graph.Weight("W", [inner, columns], weights)]),
            DataType.Float,
            "N",
            columns
        );
        graph.Save();
    }

    /// <summary>
    /// Writes a graph of products one after the other, x [N, inner] · U [inner, columns] · D [columns, inner] and again, of random values:
    /// a card computes them for so long that starting them does not count. x and the result are float32.
    /// </summary>
    /// <param name="pairs">Pairs of products.</param>
    /// <param name="precision">Of the products: float32 or float16.</param>
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

    // Products keep the size of what they multiply.
    private static float[] Values(int inner, int columns)
    {
        Random random = new(inner);
        float width = MathF.Sqrt(12f / inner); // of a uniform distribution with the deviation 1/√inner
        float[] values = new float[inner * columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = width * (random.NextSingle() - 0.5f);
        return values;
    }
}
