using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>A page of images: jobs/{id}/pages/000000.json; never changed.</summary>
/// <param name="Images">Selected images; there may be none.</param>
/// <param name="Next">Where the listing goes on; null at its end.</param>
public sealed record JobPage(IReadOnlyList<JobImage> Images, string? Next);

/// <summary>An image of a page.</summary>
/// <param name="Name">Blob name.</param>
/// <param name="ETag">Its version when it was listed.</param>
/// <param name="Before">What the old model had made of it then.</param>
/// <param name="Content">Its content then; null on pages of older programs.</param>
/// <param name="StoredAt">When this version was stored, by which the index finds its results; null on pages of older programs.</param>
public sealed record JobImage(
    string Name,
    [property: JsonPropertyName("etag")] string ETag,
    Outcome Before,
    ImageContent? Content = null,
    DateTimeOffset? StoredAt = null
)
{
    /// <summary>Name and ETag in one.</summary>
    [JsonIgnore]
    public ImageVersion Version => new(Name, ETag);
}
