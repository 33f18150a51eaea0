using System.Globalization;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Results;

/// <summary>Summary of a result, stored in its blob metadata, so that a listing is enough to read it.</summary>
/// <param name="Blob">Blob name in the results container.</param>
/// <param name="Camera">Camera of the image.</param>
/// <param name="Image">Blob name of the image; null if it was too long for metadata.</param>
/// <param name="Verdict">Verdict on the image.</param>
/// <param name="Score">Calibrated score; null for a failed image.</param>
/// <param name="Time">When the result was made.</param>
/// <param name="Failure">Code of the failure; null when there is a score.</param>
/// <param name="Job">The job that asked for it; null for a new image.</param>
/// <param name="Content">The content that was scored; null in results of older programs, and where it was not read.</param>
/// <param name="ImageTime">The time that the index files it under; null in results of older programs.</param>
/// <param name="Cursor">Key of its row in the index; null in results of older programs.</param>
/// <param name="Settled">Whether the first model of a cascade settled the image, and the model itself has not seen it.</param>
public sealed record ResultSummary(
    string Blob,
    string Camera,
    string? Image,
    Verdict Verdict,
    double? Score,
    DateTimeOffset Time,
    string? Failure,
    string? Job = null,
    [property: JsonIgnore] ImageContent? Content = null,
    [property: JsonIgnore] DateTimeOffset? ImageTime = null,
    [property: JsonIgnore] string? Cursor = null,
    [property: JsonIgnore] bool Settled = false
)
{
    private const int LongestText = 2048; // all metadata of a blob may have 8 KB in total

    /// <summary>"name@version".</summary>
    [JsonIgnore]
    public string Model => BlobNames.ModelOf(Blob);

    internal static ResultSummary Of(ResultRow row) =>
        new(
            row.Blob,
            row.Camera,
            row.Image,
            row.Verdict,
            row.Score,
            row.Time,
            row.Failure,
            row.Job,
            null,
            row.ImageTime,
            row.Cursor,
            row.First is not null
        );

    /// <summary>The metadata of a result: ASCII only, text percent-encoded.</summary>
    internal static Dictionary<string, string> ToMetadata(ResultDocument result)
    {
        Dictionary<string, string> metadata = new(StringComparer.OrdinalIgnoreCase)
        {
            ["verdict"] = result.Score.RequiredVerdict.ToString().ToLowerInvariant(),
            ["time"] = result.ScoredAt.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture),
            ["camera"] = Uri.EscapeDataString(result.Image.RequiredCamera) is { Length: <= LongestText } camera
                ? camera
                : BlobNames.Shortened(result.Image.RequiredCamera),
        };
        if (result.Score.Calibrated is { } score)
            metadata["score"] = score.ToString("R", CultureInfo.InvariantCulture);
        metadata["row"] = IndexKeys.Row(IndexKeys.TimeOf(result), result.Image.Version, result.Model.Id);
        if (result.Failure is { } failure)
            metadata["failure"] = failure.Code;
        if (result.Job is { } job)
            metadata["job"] = job;
        if (result.First is { Settled: true })
            metadata["settled"] = "true";
        if (result.Image is { CreatedAt: { } created, Bytes: var bytes })
        {
            metadata["bytes"] = bytes.ToString(CultureInfo.InvariantCulture);
            metadata["created"] = created.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
        }

        if (result.Image.Md5 is { } md5)
            metadata["md5"] = md5;
        if (Uri.EscapeDataString(result.Image.Name) is { Length: <= LongestText } name)
            metadata["image"] = name;
        return metadata;
    }

    /// <returns>Null if the metadata are not those of a result.</returns>
    internal static ResultSummary? FromMetadata(string blob, IDictionary<string, string> metadata)
    {
        if (
            !metadata.TryGetValue("verdict", out string? verdictText)
            || !Enum.TryParse(verdictText, ignoreCase: true, out Verdict verdict)
            || !metadata.TryGetValue("camera", out string? camera)
            || !metadata.TryGetValue("time", out string? timeText)
            || !DateTimeOffset.TryParse(timeText, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTimeOffset time)
        )
            return null;
        double? score =
            metadata.TryGetValue("score", out string? scoreText)
            && double.TryParse(scoreText, CultureInfo.InvariantCulture, out double value)
                ? value
                : null;
        string? image = metadata.TryGetValue("image", out string? name) ? Uri.UnescapeDataString(name) : null;
        ImageContent? content =
            Text("bytes") is { } bytesText
            && long.TryParse(bytesText, CultureInfo.InvariantCulture, out long bytes)
            && DateTimeOffset.TryParse(
                Text("created"),
                CultureInfo.InvariantCulture,
                DateTimeStyles.RoundtripKind,
                out DateTimeOffset created
            )
                ? new ImageContent(bytes, created, Text("md5"))
                : null;
        string? row = Text("row");
        return new ResultSummary(
            blob,
            Uri.UnescapeDataString(camera),
            image,
            verdict,
            score,
            time,
            Text("failure"),
            Text("job"),
            content,
            row is null ? null : IndexKeys.TimeOf(row),
            row,
            Text("settled") is not null
        );

        string? Text(string key) => metadata.TryGetValue(key, out string? text) ? text : null;
    }
}
