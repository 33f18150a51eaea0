using AaClip.Scoring.Packages;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>
/// Measures the rate of matrix products alone, with the shapes of the tower's MLP. The image rate is given as a share of it.
/// </summary>
internal static class CudaProducts
{
    private const int Pairs = 8;

    /// <param name="batches">Batch sizes; the rows of a product are the tokens of a batch.</param>
    /// <returns>The best rate in operations per second, and a row for each batch size.</returns>
    public static (double Best, IEnumerable<Row> Rows) Measure(
        ModelManifest model,
        string scratch,
        string provider,
        int[] batches,
        double seconds
    )
    {
        ModelArchitecture shape = model.Architecture;
        int tokens = shape.Grid * shape.Grid + 1,
            width = shape.Vision.Width,
            hidden = shape.Vision.MlpWidth;
        string name = model.Precision.ToString().ToLowerInvariant();
        string path = Path.Combine(scratch, $"chain-{name}.onnx");
        File.Delete(path);
        File.Delete(Path.ChangeExtension(path, ".weights"));
        ProductGraph.WriteChain(path, width, hidden, Pairs, model.Precision);
        using InferenceSession session = GraphRun.Open(provider, path);
        double best = 0;
        List<Row> rows = [];
        foreach (int batch in batches)
        {
            using GraphRun run = GraphRun.Chain(session, provider, batch * tokens, width);
            double[] found = GraphRun.Time(run.OnCard, seconds);
            double rate = Pairs * 2 * 2.0 * batch * tokens * width * hidden / ScoringBench.Median(found);
            best = Math.Max(best, rate);
            rows.Add(Row.Of($"{name} products [{batch * tokens}, {width}] x [{width}, {hidden}] and back", $"{rate / 1e12:F1} TFLOP/s"));
        }

        return (best, rows);
    }

    /// <summary>Measures the attentions of the tower alone, in float16.</summary>
    /// <returns>Seconds for all blocks of a batch.</returns>
    public static double Attentions(ModelManifest model, string scratch, string provider, int batch, double seconds)
    {
        ModelArchitecture shape = model.Architecture;
        int tokens = shape.Grid * shape.Grid + 1;
        string path = Path.Combine(scratch, "attentions.onnx");
        File.Delete(path);
        File.Delete(Path.ChangeExtension(path, ".weights"));
        ProductGraph.WriteAttentions(path, tokens, shape.Vision.Width, shape.Vision.Heads, Pairs, Precision.Fp16);
        using InferenceSession session = GraphRun.Open(provider, path);
        using GraphRun run = GraphRun.Chain(session, provider, batch, tokens, shape.Vision.Width);
        return ScoringBench.Median(GraphRun.Time(run.OnCard, seconds)) * shape.Levels.Max() / Pairs;
    }
}
