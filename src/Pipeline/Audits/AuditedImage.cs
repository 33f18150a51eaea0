using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using AaClip.Scoring.Images;

namespace AaClip.Pipeline.Audits;

/// <summary>What an audit measured on an image, or why it could not.</summary>
/// <param name="Image">Blob name in the images container.</param>
/// <param name="ETag">Version of the blob.</param>
/// <param name="Word">"audited"; or "failed", "overwritten" or "deleted", without rises.</param>
/// <param name="Rises">How the raw score rises under changes that keep a normal image normal; null unless it was audited.</param>
/// <param name="Reason">Why it failed; null otherwise.</param>
public sealed record AuditedImage(
    string Image,
    [property: JsonPropertyName("etag")] string ETag,
    string Word,
    Rises? Rises = null,
    string? Reason = null
)
{
    /// <summary><see cref="Word"/> of an image that was measured.</summary>
    public const string Audited = "audited";

    /// <summary><see cref="Word"/> of an image that cannot be measured.</summary>
    public const string Failed = "failed";

    /// <summary>Image and ETag as one value.</summary>
    [JsonIgnore]
    public ImageVersion Version => new(Image, ETag);
}

/// <summary>Raw score of an image, and its largest rises.</summary>
/// <param name="Raw">Raw score of the unchanged image.</param>
/// <param name="Covered">Largest rise when a cell is covered (<see cref="CoveredCells"/>); can be negative.</param>
/// <param name="Cell">That cell.</param>
/// <param name="Smoothed">Largest rise when the image is smoothed (<see cref="Smoothing"/>); can be negative.</param>
/// <param name="Filter">"mean" or "median": that of <paramref name="Smoothed"/>.</param>
public sealed record Rises(double Raw, double Covered, ImageCell Cell, double Smoothed, string Filter)
{
    /// <summary>Maximum side of <see cref="Picture"/> in pixels.</summary>
    public const int PictureSide = 128;

    /// <summary>
    /// The cell as it is in the image, JPEG in Base64, at most <see cref="PictureSide"/> pixels a side; null in a page and in a report.
    /// </summary>
    public string? Picture { get; init; }
}

/// <summary>JSON of audits.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(AuditedImage))]
[JsonSerializable(typeof(IReadOnlyList<AuditedImage>))]
internal sealed partial class AuditJson : JsonSerializerContext;
