using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// A frame's feature is stored. Sent once for each new image of a camera with <c>events</c>, after its result is written. A redelivered
/// request sends it again; only the times of sending differ.
/// </summary>
public sealed record FrameSeen
{
    /// <summary>Version of the message; reading a newer one fails.</summary>
    public int SchemaVersion
    {
        get;
        init => field = MessageSchema.Known(value, nameof(FrameSeen));
    } = MessageSchema.Current;

    /// <summary>Blob name in the images container: "camera/path".</summary>
    public required string Image { get; init; }

    /// <summary>Version of the blob, without quotes.</summary>
    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    /// <summary>Camera of the frame.</summary>
    public required string Camera { get; init; }

    /// <summary>The time of the frame (<see cref="FrameTime"/>).</summary>
    public required DateTimeOffset ImageTime { get; init; }

    /// <summary>"name@version" of the temporal model.</summary>
    public required string Model { get; init; }

    /// <summary>Snippets of that model's windows.</summary>
    public required int Length { get; init; }

    /// <summary>Blob name in the features container.</summary>
    public required string Feature { get; init; }

    /// <summary>When the message was sent.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>W3C trace context of the sender.</summary>
    public string? Traceparent { get; init; }

    /// <summary>The frame.</summary>
    [JsonIgnore]
    public Frame Frame => new(Image, ETag, ImageTime.ToUniversalTime());
}
