using System.Globalization;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Operations;
using AaClip.Pipeline.Results.Index;
using Spectre.Console;

namespace AaClip.Cli.Operate;

/// <summary>A result as listings show it, with its model.</summary>
internal sealed record ResultLine(
    DateTimeOffset Time,
    string Camera,
    string Image,
    Verdict Verdict,
    double? Score,
    string Model,
    string? Failure,
    string Result,
    DateTimeOffset ImageTime,
    string? Part
)
{
    private const int Narrow = 100; // columns; narrower terminals show times without the year

    /// <summary>The columns of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    ["time", Column.Name("camera", 5), Column.Name("image"), Column.Name("verdict", 9), "score", Column.Name("model", 6)];

    public static ResultLine Of(ResultRow result) =>
        new(
            result.Time,
            result.Camera,
            result.Image,
            result.Verdict,
            result.Score,
            result.Model,
            result.Failure,
            result.Blob,
            result.ImageTime,
            result.Part
        );

    /// <summary>Local time as text; without the year on a narrow terminal.</summary>
    public static string TimeText(DateTimeOffset time) =>
        time.ToLocalTime()
            .ToString(
                Console.IsOutputRedirected || AnsiConsole.Profile.Width >= Narrow ? "yyyy-MM-dd HH:mm:ss" : "MM-dd HH:mm:ss",
                CultureInfo.InvariantCulture
            );

    /// <summary>Cells of a table row; the time is when the image was stored, in local time.</summary>
    public string[] Cells() =>
        [
            TimeText(ImageTime),
            Camera,
            Image.StartsWith(Camera + "/", StringComparison.Ordinal) ? Image[(Camera.Length + 1)..] : Image,
            Failure is null ? Words.Of(Verdict) : $"{Words.Of(Verdict)} ({Failure})",
            Score?.ToString("F3", CultureInfo.InvariantCulture) ?? "",
            Model,
        ];
}

/// <summary>Verdicts as text.</summary>
internal static class Words
{
    public static string Of(Verdict verdict) =>
        verdict switch
        {
            Verdict.Normal => "normal",
            Verdict.Anomalous => "anomalous",
            _ => "failed",
        };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ResultLine))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(SeenAlert))]
[JsonSerializable(typeof(RedriveLine))]
internal sealed partial class LinesJson : JsonSerializerContext;
