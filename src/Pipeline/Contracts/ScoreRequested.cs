using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>A request to score an image. May be delivered more than once: the same image, ETag and model give the same result.</summary>
public sealed record ScoreRequested
{
    /// <summary>Version of the message; reading a newer one fails.</summary>
    public int SchemaVersion
    {
        get;
        init => field = MessageSchema.Known(value, nameof(ScoreRequested));
    } = MessageSchema.Current;

    /// <summary>Blob name in the images container: "camera/path".</summary>
    public required string Image { get; init; }

    /// <summary>Version of the blob, without quotes; "*" for the current one.</summary>
    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    /// <summary>Camera whose profile applies.</summary>
    public required string Camera { get; init; }

    /// <summary>Name of the object's class, such as "bottle"; selects the text anchors.</summary>
    public required string ObjectClass { get; init; }

    /// <summary>"name@version" of the model to use; null for the live one.</summary>
    public string? Model { get; init; }

    /// <summary>Rescoring job that sent the request; null for a new image.</summary>
    public string? Job { get; init; }

    /// <summary>Whether the image is audited for the job, and not scored; older programs do not know this.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Audit { get; init; }

    /// <summary>
    /// Whether the image is a frame of the job's time line, and gets a feature instead of a score; older programs do not know this.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Frame { get; init; }

    /// <summary>When the message was sent.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>W3C trace context of the sender.</summary>
    public string? Traceparent { get; init; }
}
