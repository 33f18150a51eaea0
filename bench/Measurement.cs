using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Bench;

/// <summary>Measurements of one variant by a child process.</summary>
internal sealed record Measurement
{
    public required string Variant { get; init; }
    public required double LoadSeconds { get; init; }

    /// <summary>Seconds from the start of the process.</summary>
    public required double FirstScoreSeconds { get; init; }
    public required double[] ImageSeconds { get; init; }
    public required double PeakGiB { get; init; }
    public required float[] Detections { get; init; }
    public required float[][] Maps { get; init; }
}

/// <summary>Results of a bench run, as saved in bench/results.</summary>
internal sealed record Report
{
    public required DateTimeOffset At { get; init; }
    public required string Machine { get; init; }
    public required string Runtime { get; init; }
    public required double GflopPerSecond { get; init; }
    public required IReadOnlyList<Row> Rows { get; init; }

    /// <summary>Saves the report in bench/results, under its time.</summary>
    /// <param name="name">Name of the bench.</param>
    public async Task SaveAsync(string name, CancellationToken cancellation)
    {
        string folder = Directory.CreateDirectory(Path.Combine(ScoringBench.Root, "bench", "results")).FullName;
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{At:yyyyMMdd-HHmm}.json"));
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(this, BenchJson.Default.Report) + "\n", cancellation);
        Console.WriteLine($"Kept as {Path.GetRelativePath(ScoringBench.Root, path)}");
    }
}

/// <summary>A row of the table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Value">The median, or the peak.</param>
/// <param name="Spread">Lowest to highest value.</param>
/// <param name="Target">The target, or empty.</param>
/// <param name="Reached">True if the target was reached; null without a target.</param>
/// <param name="Ratio">Ratio to the published code on a machine of the same kind, and on this machine if that was measured.</param>
internal sealed record Row(string What, string Value, string Spread, string Target, bool? Reached, string Ratio)
{
    /// <summary>A row without a target.</summary>
    public static Row Of(string what, FormattableString value, FormattableString? spread = null, string ratio = "") =>
        new(what, FormattableString.Invariant(value), spread is null ? "" : FormattableString.Invariant(spread), "", null, ratio);

    /// <summary>A row with a target.</summary>
    public static Row Of(string what, FormattableString value, string target, bool reached, FormattableString? spread = null) =>
        Of(what, value, spread) with
        {
            Target = target,
            Reached = reached,
        };
}

/// <summary>A measurement of the published code, made once by hand; see bench/baselines.json.</summary>
/// <param name="Machine">Processor, as named in /proc/cpuinfo and the notes.</param>
/// <param name="SecondsPerImage">Median of warm runs, full size, float32, batch 1, two threads.</param>
/// <param name="PeakGiB">Peak resident memory.</param>
/// <param name="GflopPerSecond">Rate of a large float32 matrix product in ONNX Runtime on that machine; 0 if not measured.</param>
/// <param name="Note">How it was measured.</param>
internal sealed record Baseline(string Machine, double SecondsPerImage, double PeakGiB, double GflopPerSecond, string Note);

/// <summary>Measurements of a training stage by a child process.</summary>
/// <param name="PeakGiB">Peak resident memory.</param>
/// <param name="CardGiB">GPU memory in use at the end; null on CPU.</param>
/// <param name="GradientNorm">L2 norm of all gradients of the first step: the same on every machine except for rounding.</param>
/// <param name="FirstSeconds">Time of the first step, including writing and loading its graph.</param>
/// <param name="Seconds">Time of each later step.</param>
internal sealed record StepMeasurement(double PeakGiB, double? CardGiB, double GradientNorm, double FirstSeconds, double[] Seconds);

/// <summary>An element of the output of bench/published.py.</summary>
internal sealed record TorchRate(string Form, string Precision, int Batch, double ImagesPerSecond, string Torch);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Measurement))]
[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(Baseline[]))]
[JsonSerializable(typeof(TorchRate[]))]
[JsonSerializable(typeof(StepMeasurement))]
internal sealed partial class BenchJson : JsonSerializerContext;
