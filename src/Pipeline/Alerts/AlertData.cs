using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Alerts;

/// <summary>The alert in an event: what all kinds have.</summary>
public abstract record AlertData
{
    /// <summary>Version of the schema.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Id of the alert, the same for all its events.</summary>
    public required string AlertId { get; init; }

    /// <summary>1 for opened, then one more for each event.</summary>
    public required int Sequence { get; init; }

    /// <summary>Why the alert was closed; absent in other events.</summary>
    public AlertCloseReason? CloseReason { get; init; }

    /// <summary>Who closed the alert and why; absent in other events, and if no person closed it.</summary>
    public AlertMark? ClosedBy { get; init; }

    /// <summary>Who acknowledged the alert and why; absent if nobody did.</summary>
    public AlertMark? Acknowledged { get; init; }

    /// <summary>Camera of the alert.</summary>
    public required string Camera { get; init; }

    /// <summary>Time of the image that opened the alert; of silence and drift, when it was decided.</summary>
    public required DateTimeOffset OpenedAt { get; init; }
}

/// <summary>Anomalous images of a camera. Score, image and region are those of the image with the highest score so far.</summary>
public sealed record AnomalyData : AlertData
{
    /// <summary>The highest severity band reached.</summary>
    public required string Severity { get; init; }

    /// <summary>Name of the object's class, such as "bottle".</summary>
    public required string ObjectClass { get; init; }

    /// <summary>"name@version" of the model that scored.</summary>
    public required string Model { get; init; }

    /// <summary>Number of alerting images of the alert so far.</summary>
    public required int Images { get; init; }

    /// <summary>The highest score so far.</summary>
    public required AlertScore Score { get; init; }

    /// <summary>The region with the highest peak, in pixels of the image; absent if there is none.</summary>
    public Region? Region { get; init; }

    /// <summary>The image with the highest score so far.</summary>
    public required AlertImage Image { get; init; }

    /// <summary>Result of this image.</summary>
    public required AlertBlob Result { get; init; }

    /// <summary>Heatmap of this image; absent if heatmaps are turned off.</summary>
    public AlertBlob? Heatmap { get; init; }
}

/// <summary>A camera that sends no images any more.</summary>
public sealed record SilenceData : AlertData
{
    /// <summary>When its last image before the silence was stored.</summary>
    public required DateTimeOffset LastImageAt { get; init; }

    /// <summary>After how long without an image it counted as silent.</summary>
    public required double LimitSeconds { get; init; }
}

/// <summary>A camera whose scores have moved.</summary>
public sealed record DriftData : AlertData
{
    /// <summary>"name@version" of the model that scored.</summary>
    public required string Model { get; init; }

    /// <summary>Population stability index of its recent scores, 0 or more; in a closed event, what it was then.</summary>
    public required double Psi { get; init; }
}

/// <summary>An image that a generator seems to have made.</summary>
public sealed record GeneratedData : AlertData
{
    /// <summary>"name@version" of the check.</summary>
    public required string Model { get; init; }

    /// <summary>That a generator made it, as far as the check knows: 0 to 1.</summary>
    public required double Probability { get; init; }

    /// <summary>Of pictures that the camera took, at most this share has such a probability; absent without a calibration.</summary>
    public double? PValue { get; init; }

    /// <summary>Images with this probability or more are flagged.</summary>
    public required double Threshold { get; init; }

    /// <summary>Name of the object's class, such as "bottle".</summary>
    public required string ObjectClass { get; init; }

    /// <summary>The image.</summary>
    public required AlertImage Image { get; init; }

    /// <summary>Its result.</summary>
    public required AlertBlob Result { get; init; }
}

/// <summary>An event in a camera's sequence of images; one alert for each window that has any.</summary>
public sealed record EventData : AlertData
{
    /// <summary>"name@version" of the temporal model.</summary>
    public required string Model { get; init; }

    /// <summary>
    /// Whether the window is not complete yet: the model scores a window as a whole, so that all numbers may change, and the alert may be
    /// withdrawn.
    /// </summary>
    public required bool Provisional { get; init; }

    /// <summary>The strongest event of the window.</summary>
    public required AlertedEvent Event { get; init; }

    /// <summary>The window.</summary>
    public required AlertWindow Window { get; init; }

    /// <summary>The image with the highest score of the event.</summary>
    public required AlertVersion Image { get; init; }

    /// <summary>The window's time line; absent while it is provisional.</summary>
    public AlertBlob? Timeline { get; init; }
}

/// <summary>The event of an alert.</summary>
/// <param name="Label">The abnormal class with the largest mean probability.</param>
/// <param name="Probability">That mean probability, 0 to 1.</param>
/// <param name="Score">The largest mean score over the shortest duration, 0 to 1.</param>
/// <param name="Threshold">Scores at or above this are an event.</param>
/// <param name="From">Its begin.</param>
/// <param name="To">Its end, or how far it has come.</param>
public sealed record AlertedEvent(string Label, double Probability, double Score, double Threshold, DateTimeOffset From, DateTimeOffset To);

/// <summary>A window of time: from its begin to before its end.</summary>
public sealed record AlertWindow(DateTimeOffset From, DateTimeOffset To);

/// <summary>A version of an image: its blob name, and its URL, if Alert__LinkBase is set.</summary>
public sealed record AlertVersion(string Blob, [property: JsonPropertyName("etag")] string ETag, string? Url);

/// <summary>A score and the threshold that it was compared with; calibrated 0.5 is the threshold.</summary>
public sealed record AlertScore(double Raw, double Calibrated, double Threshold);

/// <summary>A blob: its name in its container and, if Alert__LinkBase is set, its URL.</summary>
public sealed record AlertBlob(string Blob, string? Url);

/// <summary>
/// An image: its blob name, version, time of storage; its URL, if Alert__LinkBase is set; and the part that it shows, if it is known.
/// </summary>
public sealed record AlertImage(
    string Blob,
    [property: JsonPropertyName("etag")] string ETag,
    DateTimeOffset Time,
    string? Url,
    string? Part = null
);
