using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;

namespace AaClip.Cli.Model;

/// <summary>What is said of one image: a line of <c>--json</c>. Fields are named as in the pipeline's results.</summary>
internal sealed record ImageReport
{
    public required ImagePart Image { get; init; }
    public required ModelPart Model { get; init; }
    public ScorePart? Score { get; init; }
    public IReadOnlyList<Region>? Regions { get; init; }
    public string? Heatmap { get; init; }
    public MapPart? Map { get; init; }
    public required IReadOnlyDictionary<string, double> Timings { get; init; } // ms
    public FailurePart? Failure { get; init; }
}

internal sealed record ImagePart(string Name, long Bytes, int Width, int Height, string ObjectClass);

internal sealed record ModelPart(string Name, string Version, string Precision, string Provider);

/// <summary>
/// Calibrated value, threshold and verdict only where somebody gave a threshold: the package's calibration or the command line. Calibration
/// is "neutral" where the package has none for the class.
/// </summary>
internal sealed record ScorePart(
    float Detection,
    float MapMax,
    double Raw,
    double? Calibrated,
    double? Threshold,
    string? Verdict,
    string? Calibration
);

/// <summary>A stored map: value = offset + scale · pixel, side × side, before smoothing.</summary>
internal sealed record MapPart(string File, int Side, float Scale, float Offset, string Domain);

internal sealed record FailurePart(string Code, string Message);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ImageReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
