using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// An alert was opened, updated, acknowledged or closed. Decided once; every delivery has the same id. An alert is about anomalous images
/// unless <see cref="Silence"/>, <see cref="Drift"/>, <see cref="Generated"/> or <see cref="Event"/> is set.
/// </summary>
public sealed record AlertChange
{
    /// <summary>Id of the event: alert id, sequence and type.</summary>
    [JsonIgnore]
    public string Id => $"{AlertId}-{Sequence}-{TypeName}";

    /// <summary>
    /// Id of the alert, the same for all its changes: 32 hexadecimal digits. A hash of camera, name and ETag of the image that opened it;
    /// of silence and drift, a hash of kind, camera and the time of the decision; of a generated image, of the kind and its image; of an
    /// event, of the kind, model, camera and window.
    /// </summary>
    public required string AlertId { get; init; }

    /// <summary>1 for opened, then one more for each change.</summary>
    public required int Sequence { get; init; }

    /// <summary>What happened.</summary>
    public required AlertChangeType Type { get; init; }

    /// <summary>Why it was closed; null for other types.</summary>
    public AlertCloseReason? CloseReason { get; init; }

    /// <summary>Who closed it; null for other types, and if no person did.</summary>
    public AlertMark? ClosedBy { get; init; }

    /// <summary>Who acknowledged the alert; null if nobody did before this change.</summary>
    public AlertMark? Acknowledged { get; init; }

    /// <summary>Camera of the alert.</summary>
    public required string Camera { get; init; }

    /// <summary>Time of the image that caused the change, or of the decision.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Time of the image that opened the alert; of silence and drift, when it was decided.</summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>Name of the highest severity band that the alert has reached; null for silence and drift.</summary>
    public string? Severity { get; init; }

    /// <summary>Number of alerting images of the alert so far; null for silence and drift.</summary>
    public int? Images { get; init; }

    /// <summary>The image with the highest score so far; null for silence and drift.</summary>
    public AlertPicture? Picture { get; init; }

    /// <summary>The camera is silent; null for other kinds.</summary>
    public AlertSilence? Silence { get; init; }

    /// <summary>The camera's scores have moved; null for other kinds.</summary>
    public AlertDrift? Drift { get; init; }

    /// <summary>An image that a generator seems to have made, which is told once and never closed; null for other kinds.</summary>
    public AlertGenerated? Generated { get; init; }

    /// <summary>An event in the camera's sequence of images; null for other kinds.</summary>
    public AlertEventFacts? Event { get; init; }

    /// <summary>W3C trace context of the step that decided the change.</summary>
    public string? Traceparent { get; init; }

    /// <summary>What the alert is about.</summary>
    [JsonIgnore]
    public AlertKind Kind =>
        Silence is not null ? AlertKind.Silence
        : Drift is not null ? AlertKind.Drift
        : Generated is not null ? AlertKind.Generated
        : Event is not null ? AlertKind.Event
        : AlertKind.Anomaly;

    /// <summary>"opened", "updated", "acknowledged" or "closed"; of a generated image "flagged".</summary>
    [JsonIgnore]
    public string TypeName =>
        Type switch
        {
            _ when Generated is not null => "flagged",
            AlertChangeType.Opened => "opened",
            AlertChangeType.Updated => "updated",
            AlertChangeType.Acknowledged => "acknowledged",
            _ => "closed",
        };
}

/// <summary>The data of an image in an alert.</summary>
/// <param name="Image">Blob name in the images container.</param>
/// <param name="ETag">Version of the blob.</param>
/// <param name="Time">When the image was stored.</param>
/// <param name="ObjectClass">Name of the object's class, such as "bottle".</param>
/// <param name="Model">"name@version".</param>
/// <param name="Raw">Raw score.</param>
/// <param name="Calibrated">0 to 1, where 0.5 is the threshold.</param>
/// <param name="Threshold">Raw scores at or above this are anomalous.</param>
/// <param name="Region">The region with the highest peak, in pixels; null if there is none.</param>
/// <param name="Result">Blob name in the results container.</param>
/// <param name="Heatmap">Blob name in the heatmaps container; null if there is none.</param>
/// <param name="Part">The part that the image shows; null if it is not known.</param>
public sealed record AlertPicture(
    string Image,
    string ETag,
    DateTimeOffset Time,
    string ObjectClass,
    string Model,
    double Raw,
    double Calibrated,
    double Threshold,
    Region? Region,
    string Result,
    string? Heatmap,
    string? Part = null
);

/// <summary>What happened to an alert.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertChangeType>))]
public enum AlertChangeType
{
    /// <summary>The anomaly is confirmed; the camera is silent; its scores have moved.</summary>
    [JsonStringEnumMemberName("opened")]
    Opened,

    /// <summary>The severity has increased.</summary>
    [JsonStringEnumMemberName("updated")]
    Updated,

    /// <summary>A person knows of the alert.</summary>
    [JsonStringEnumMemberName("acknowledged")]
    Acknowledged,

    /// <summary>The alert has ended.</summary>
    [JsonStringEnumMemberName("closed")]
    Closed,
}

/// <summary>Why an alert was closed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertCloseReason>))]
public enum AlertCloseReason
{
    /// <summary>
    /// The rule's number of consecutive normal images was reached; a silent camera sends again; scores are as they were at first; the
    /// window of an event is complete.
    /// </summary>
    [JsonStringEnumMemberName("normal")]
    Normal,

    /// <summary>The camera's alerts were switched off.</summary>
    [JsonStringEnumMemberName("disabled")]
    Disabled,

    /// <summary>A person closed it.</summary>
    [JsonStringEnumMemberName("operator")]
    Operator,

    /// <summary>The camera has sent no image for so long that it is not watched any more.</summary>
    [JsonStringEnumMemberName("gone")]
    Gone,

    /// <summary>Another model is live: the scores of the former one no longer count.</summary>
    [JsonStringEnumMemberName("model")]
    Model,

    /// <summary>An event that was found in an incomplete window is not in the complete one.</summary>
    [JsonStringEnumMemberName("withdrawn")]
    Withdrawn,
}
