using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// An image has a score, and its result is stored. Sent after the result was written, once for each scoring, so after a second delivery
/// of the request a second time with the same content but for the times. Failed images send none.
/// </summary>
public sealed record Scored
{
    /// <summary>Version of the message; a newer one is refused on read.</summary>
    public int SchemaVersion
    {
        get;
        init => field = MessageSchema.Known(value, nameof(Scored));
    } = MessageSchema.Current;

    /// <summary>Blob name in the images container: "camera/path".</summary>
    public required string Image { get; init; }

    /// <summary>Names the version of the blob, without quotes.</summary>
    [JsonPropertyName("etag")]
    public required string ETag { get; init; }

    /// <summary>Camera whose profile applied.</summary>
    public required string Camera { get; init; }

    /// <summary>What the object is called.</summary>
    public required string ObjectClass { get; init; }

    /// <summary>"name@version" of the model that scored.</summary>
    public required string Model { get; init; }

    /// <summary>Score of the whole image, about 0 to 1 (specification 4.2).</summary>
    public required float Detection { get; init; }

    /// <summary>Largest value of the map; with ignore masks, of what they leave.</summary>
    public required float MapMax { get; init; }

    /// <summary>Combined score, about 0 to 1; compared with <see cref="Threshold"/>.</summary>
    public required double Raw { get; init; }

    /// <summary>0 to 1, where 0.5 is the threshold.</summary>
    public required double Calibrated { get; init; }

    /// <summary>Raw scores from here on are anomalous.</summary>
    public required double Threshold { get; init; }

    /// <summary>Normal or anomalous.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>The region with the highest peak, in pixels of the image; null when nothing reaches the map threshold.</summary>
    public Region? Peak { get; init; }

    /// <summary>Number of regions in the result.</summary>
    public int Regions { get; init; }

    /// <summary>Blob name of the result in the results container.</summary>
    public required string Result { get; init; }

    /// <summary>Blob name in the heatmaps container; null where the camera's profile turns heatmaps off.</summary>
    public string? Heatmap { get; init; }

    /// <summary>When the image was stored.</summary>
    public required DateTimeOffset ImageTime { get; init; }

    /// <summary>When the request to score was sent.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When the score was there.</summary>
    public required DateTimeOffset ScoredAt { get; init; }

    /// <summary>W3C trace context of the scoring.</summary>
    public string? Traceparent { get; init; }

    /// <summary>Rescoring job that asked; null for a new image. Only new images concern the line.</summary>
    public string? Job { get; init; }
}
