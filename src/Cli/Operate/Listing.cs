using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Storage;
using Azure.Storage.Blobs.Models;
using Spectre.Console;

namespace AaClip.Cli.Operate;

/// <summary>A result as the listing tells it, with its model.</summary>
internal sealed record ResultLine(
    DateTimeOffset Time,
    string Camera,
    string Image,
    Verdict Verdict,
    double? Score,
    string Model,
    string? Failure,
    string Result
)
{
    private const int Narrow = 100; // below, the year has no room

    /// <summary>The columns of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    ["time", Column.Name("camera", 5), Column.Name("image"), Column.Name("verdict", 9), "score", Column.Name("model", 6)];

    public static ResultLine Of(string model, ResultSummary result) =>
        new(result.Time, result.Camera, result.Image ?? result.Blob, result.Verdict, result.Score, model, result.Failure, result.Blob);

    /// <summary>A time for people: local, and on a narrow terminal without the year.</summary>
    public static string TimeText(DateTimeOffset time) =>
        time.ToLocalTime()
            .ToString(
                Console.IsOutputRedirected || AnsiConsole.Profile.Width >= Narrow ? "yyyy-MM-dd HH:mm:ss" : "MM-dd HH:mm:ss",
                CultureInfo.InvariantCulture
            );

    /// <summary>For people, in local time.</summary>
    public string[] Cells() =>
        [
            TimeText(Time),
            Camera,
            Image.StartsWith(Camera + "/", StringComparison.Ordinal) ? Image[(Camera.Length + 1)..] : Image,
            Failure is null ? Words.Of(Verdict) : $"{Words.Of(Verdict)} ({Failure})",
            Score?.ToString("F3", CultureInfo.InvariantCulture) ?? "",
            Model,
        ];
}

/// <summary>Words for people.</summary>
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

/// <summary>Which models have results.</summary>
internal static class Models
{
    /// <summary>"name@version" of each model in the results container, in the order of their names.</summary>
    public static async IAsyncEnumerable<string> ListAsync(StorageClients storage, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (
            BlobHierarchyItem item in storage
                .Container(ContainerNames.Results)
                .GetBlobsByHierarchyAsync(new GetBlobsByHierarchyOptions { Delimiter = "/" }, cancellation)
        )
            if (item.IsPrefix && item.Prefix.TrimEnd('/') is var folder && folder != BlobNames.Failed)
                yield return Unescape(folder);
    }

    /// <summary>The name that <see cref="BlobNames"/> escaped.</summary>
    internal static string Unescape(string segment)
    {
        if (!segment.Contains('~', StringComparison.Ordinal))
            return segment;
        List<byte> bytes = [];
        for (int i = 0; i < segment.Length; i++)
        {
            if (
                segment[i] == '~'
                && i + 2 < segment.Length
                && byte.TryParse(segment.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out byte value)
            )
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                int length = char.IsHighSurrogate(segment[i]) ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(segment.Substring(i, Math.Min(length, segment.Length - i))));
                i += length - 1;
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ResultLine))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(AlertLine))]
[JsonSerializable(typeof(RedriveLine))]
internal sealed partial class LinesJson : JsonSerializerContext;
