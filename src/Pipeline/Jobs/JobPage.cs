using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>A page of a job's images: jobs/{id}/pages/000000.json. It is never changed.</summary>
/// <param name="Images">Selected images; can be empty.</param>
/// <param name="Next">Position of the next page in the listing; null on the last page.</param>
public sealed record JobPage(IReadOnlyList<JobImage> Images, string? Next);

/// <summary>An image of a page.</summary>
/// <param name="Name">Blob name in the images container.</param>
/// <param name="ETag">Version of the blob when it was listed.</param>
/// <param name="Before">The old model's outcome at that time.</param>
/// <param name="Content">Content of the blob at that time; null on pages of older programs.</param>
public sealed record JobImage(string Name, [property: JsonPropertyName("etag")] string ETag, Outcome Before, ImageContent? Content = null)
{
    /// <summary>Name and ETag as one value.</summary>
    [JsonIgnore]
    public ImageVersion Version => new(Name, ETag);
}
