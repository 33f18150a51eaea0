using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>An image waits to be scored. May be delivered more than once: same image, ETag and model, same result.</summary>
public sealed record ScoreRequested
{
    /// <summary>Version of the message; a newer one is refused on read.</summary>
    public int SchemaVersion
    {
        get;
        init => field = MessageSchema.Known(value, nameof(ScoreRequested));
    } = MessageSchema.Current;

    /// <summary>Blob name in the images container: "camera/path".</summary>
    public required string Image { get; init; }

    /// <summary>Names the version of the blob, without quotes.</summary>
    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    /// <summary>Camera whose profile applies.</summary>
    public required string Camera { get; init; }

    /// <summary>What the object is called; chooses the text anchors.</summary>
    public required string ObjectClass { get; init; }

    /// <summary>"name@version" of the model to use; null takes the live one.</summary>
    public string? Model { get; init; }

    /// <summary>Rescoring job that asks; null for a new image.</summary>
    public string? Job { get; init; }

    /// <summary>When the message was sent.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>W3C trace context of the sender.</summary>
    public string? Traceparent { get; init; }
}
