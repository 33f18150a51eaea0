using System.Text.Json;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>Where the time of a run goes: the runtime's own profile, summed by kind of work.</summary>
internal static class RunProfile
{
    private static readonly (string Kind, string[] Operators)[] Kinds =
    [
        ("products", ["MatMul", "FusedMatMul", "Gemm", "Conv", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulInteger"]),
        ("attention", ["MultiHeadAttention", "Attention", "Softmax"]),
        ("norms", ["LayerNormalization", "SkipLayerNormalization", "LpNormalization", "ReduceL2"]),
        ("activation", ["Gelu", "QuickGelu", "BiasGelu", "FastGelu", "LeakyRelu", "Erf", "Sigmoid"]),
        ("quantising", ["DynamicQuantizeLinear", "QuantizeLinear", "DequantizeLinear"]),
    ];

    /// <summary>Names of the kinds, the last for everything else.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Kinds.Select(k => k.Kind), "other"];

    /// <summary>Runs the image graph of a package on the CPU with profiling.</summary>
    /// <returns>Share of the time of all nodes, by kind.</returns>
    public static Dictionary<string, double> Measure(string scratch, ModelPackage package, Int8Kernel? kernel, int runs)
    {
        string file;
        SessionFactory sessions = GraphRun.Sessions("cpu", Path.Combine(scratch, "profile"));
        using (InferenceSession session = sessions.Open(package.PathOf(ModelPackage.ImageGraph), kernel))
        {
            using GraphRun run = GraphRun.Images(session, "cpu", package.Manifest.Architecture, batch: 1);
            _ = GraphRun.Time(run.OnCard, seconds: 0, warm: 0, least: runs);
            file = session.EndProfiling();
        }

        try
        {
            using JsonDocument events = JsonDocument.Parse(File.ReadAllBytes(file));
            Dictionary<string, double> sums = Names.ToDictionary(n => n, _ => 0.0);
            foreach (JsonElement one in events.RootElement.EnumerateArray())
                if (
                    one.GetProperty("cat").GetString() == "Node"
                    && one.GetProperty("name").GetString()!.EndsWith("_kernel_time", StringComparison.Ordinal)
                )
                    sums[KindOf(one.GetProperty("args").GetProperty("op_name").GetString()!)] += one.GetProperty("dur").GetDouble();
            double all = sums.Values.Sum();
            return sums.ToDictionary(s => s.Key, s => s.Value / all);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string KindOf(string op) => Kinds.FirstOrDefault(k => k.Operators.Contains(op)).Kind ?? Names[^1];
}
