using System.Diagnostics;
using AaClip.Scoring.Packages;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>Describes and measures the machine of the bench.</summary>
internal static class Machine
{
    private const int Rows = 1370; // tokens of an image
    private const int Inner = 1024; // width of the tower
    private const int Columns = 4096;

    private static readonly string[] Units = ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_vp2intersect", "amx_int8"];

    /// <summary>Processor, number of cores and vector instructions.</summary>
    public static string Describe()
    {
        string[] lines = File.Exists("/proc/cpuinfo") ? File.ReadAllLines("/proc/cpuinfo") : [];
        string Field(string name) =>
            lines.FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "?";
        string flags = $" {Field("flags")} ";
        string[] units = [.. Units.Where(u => flags.Contains($" {u} ", StringComparison.Ordinal))];
        return $"{Field("model name")}, family {Field("cpu family")} model {Field("model")}, {Environment.ProcessorCount} cores, "
            + $"{string.Join(' ', units)}";
    }

    /// <summary>Peak resident memory of this process in GiB.</summary>
    public static double PeakGiB()
    {
        string? line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null
            ? double.NaN
            : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture)
                / (1 << 20);
    }

    /// <summary>Gflop/s (float32) of one large matrix product of the tower's shape: an upper limit for this machine.</summary>
    public static double GflopPerSecond(string scratch)
    {
        string path = Path.Combine(scratch, $"product-{Environment.ProcessId}.onnx");
        try
        {
            ProductGraph.Write(path, Inner, Columns);
            using SessionOptions options = new();
            using InferenceSession session = new(path, options);
            float[] left = new float[Rows * Inner];
            Array.Fill(left, 0.5f);
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(left, [Rows, Inner]);
            using RunOptions run = new();
            double best = 0;
            for (int i = 0; i < 30; i++)
            {
                long start = Stopwatch.GetTimestamp();
                session.Run(run, ["x"], [input], ["y"]).Dispose();
                best = Math.Max(best, 2.0 * Rows * Inner * Columns / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
            }

            return best;
        }
        finally
        {
            File.Delete(path);
            File.Delete(Path.ChangeExtension(path, ".weights"));
        }
    }
}
