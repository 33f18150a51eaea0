using System.Text.Json.Serialization;

namespace AaClip.Bench;

/// <summary>What one child process measured of one variant.</summary>
internal sealed record Measurement
{
    public required string Variant { get; init; }
    public required double LoadSeconds { get; init; }

    /// <summary>From the start of the process.</summary>
    public required double FirstScoreSeconds { get; init; }
    public required double[] ImageSeconds { get; init; }
    public required double PeakGiB { get; init; }
    public required float[] Detections { get; init; }
    public required float[][] Maps { get; init; }
}

/// <summary>A run of the bench, as bench/results keeps it.</summary>
internal sealed record Report
{
    public required DateTimeOffset At { get; init; }
    public required string Machine { get; init; }
    public required string Runtime { get; init; }
    public required double GflopPerSecond { get; init; }
    public required IReadOnlyList<Row> Rows { get; init; }
}

/// <summary>A line of the table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Value">The median, or the peak.</param>
/// <param name="Spread">Lowest to highest.</param>
/// <param name="Target">What was to be reached, if anything.</param>
/// <param name="Reached">Whether it was.</param>
/// <param name="Ratio">Against the published code on a machine of the same kind, and on this one where that was measured.</param>
internal sealed record Row(string What, string Value, string Spread, string Target, bool? Reached, string Ratio)
{
    /// <summary>A figure without a target.</summary>
    public static Row Of(string what, FormattableString value, FormattableString? spread = null, string ratio = "") =>
        new(what, FormattableString.Invariant(value), spread is null ? "" : FormattableString.Invariant(spread), "", null, ratio);

    /// <summary>A figure with a target.</summary>
    public static Row Of(string what, FormattableString value, string target, bool reached, FormattableString? spread = null) =>
        Of(what, value, spread) with
        {
            Target = target,
            Reached = reached,
        };
}

/// <summary>The published code, measured once by hand; see bench/baselines.json.</summary>
/// <param name="Machine">The processor, as /proc/cpuinfo and the notes name it.</param>
/// <param name="SecondsPerImage">Median of warm runs, full size, float32, batch 1, two threads.</param>
/// <param name="PeakGiB">Peak resident memory.</param>
/// <param name="GflopPerSecond">Of a large float32 matrix product in ONNX Runtime on that machine; 0 when not measured.</param>
/// <param name="Note">How.</param>
internal sealed record Baseline(string Machine, double SecondsPerImage, double PeakGiB, double GflopPerSecond, string Note);

/// <summary>What a child process measured of a stage of training.</summary>
/// <param name="PeakGiB">Peak resident memory.</param>
/// <param name="CardGiB">Memory of the card in use at the end; null on CPU.</param>
/// <param name="GradientNorm">Length of all gradients of the first step: the same on every machine but for rounding.</param>
/// <param name="FirstSeconds">The first step, with writing and loading its graph.</param>
/// <param name="Seconds">Of each later step.</param>
internal sealed record StepMeasurement(double PeakGiB, double? CardGiB, double GradientNorm, double FirstSeconds, double[] Seconds);

/// <summary>A line of what bench/published.py prints.</summary>
internal sealed record TorchRate(string Form, string Precision, int Batch, double ImagesPerSecond, string Torch);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Measurement))]
[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(Baseline[]))]
[JsonSerializable(typeof(TorchRate[]))]
[JsonSerializable(typeof(StepMeasurement))]
internal sealed partial class BenchJson : JsonSerializerContext;
