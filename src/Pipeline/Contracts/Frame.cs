using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>A frame of a camera's sequence: a version of an image, and its time.</summary>
/// <param name="Image">Blob name in the images container.</param>
/// <param name="ETag">Version of the blob, without quotes.</param>
/// <param name="Time">When it was taken, or stored (<see cref="FrameTime"/>).</param>
public sealed record Frame(string Image, [property: JsonPropertyName("etag")] string ETag, DateTimeOffset Time)
{
    /// <summary>Frames are in the order of their times; those of the same time in that of their names and versions.</summary>
    public static Comparer<Frame> InOrder { get; } =
        Comparer<Frame>.Create(
            (a, b) =>
                a.Time.CompareTo(b.Time) is not 0 and var time ? time
                : string.CompareOrdinal(a.Image, b.Image) is not 0 and var name ? name
                : string.CompareOrdinal(a.ETag, b.ETag)
        );

    /// <summary>The version of the image.</summary>
    [JsonIgnore]
    public ImageVersion Version => new(Image, ETag);
}
