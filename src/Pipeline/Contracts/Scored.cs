using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// An image has a score, and its result is stored. Sent once for each scoring, after the result is written. A redelivered request sends it
/// again; only the times differ. Failed images send none.
/// </summary>
public sealed record Scored
{
    /// <summary>Version of the message; reading a newer one fails.</summary>
    public int SchemaVersion
    {
        get;
        init => field = MessageSchema.Known(value, nameof(Scored));
    } = MessageSchema.Current;

    /// <summary>Blob name in the images container: "camera/path".</summary>
    public required string Image { get; init; }

    /// <summary>Version of the blob, without quotes.</summary>
    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    /// <summary>Camera whose profile applied.</summary>
    public required string Camera { get; init; }

    /// <summary>Name of the object's class, such as "bottle".</summary>
    public required string ObjectClass { get; init; }

    /// <summary>The part that the image shows; null if it is not known.</summary>
    public string? Part { get; init; }

    /// <summary>"name@version" of the model that scored.</summary>
    public required string Model { get; init; }

    /// <summary>Score of the whole image, about 0 to 1 (specification 4.2).</summary>
    public required float Detection { get; init; }

    /// <summary>Largest value of the map, outside of the ignore masks.</summary>
    public required float MapMax { get; init; }

    /// <summary>Combined score, about 0 to 1; compared with <see cref="Threshold"/>.</summary>
    public required double Raw { get; init; }

    /// <summary>0 to 1, where 0.5 is the threshold.</summary>
    public required double Calibrated { get; init; }

    /// <summary>Raw scores at or above this are anomalous.</summary>
    public required double Threshold { get; init; }

    /// <summary>Normal or anomalous.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Whether a generator seems to have made the picture; null if that was not checked.</summary>
    public GeneratedPart? Generated { get; init; }

    /// <summary>The region with the highest peak, in pixels of the image; null if there is no region.</summary>
    public Region? Peak { get; init; }

    /// <summary>Number of regions in the result.</summary>
    public int Regions { get; init; }

    /// <summary>Blob name of the result in the results container.</summary>
    public required string Result { get; init; }

    /// <summary>Blob name in the heatmaps container; null if the camera's profile turns heatmaps off.</summary>
    public string? Heatmap { get; init; }

    /// <summary>When the image was stored.</summary>
    public required DateTimeOffset ImageTime { get; init; }

    /// <summary>When the request to score was sent.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When the scoring ended.</summary>
    public required DateTimeOffset ScoredAt { get; init; }

    /// <summary>W3C trace context of the scoring.</summary>
    public string? Traceparent { get; init; }

    /// <summary>Rescoring job that sent the request; null for a new image. Only new images can raise alerts.</summary>
    public string? Job { get; init; }
}
