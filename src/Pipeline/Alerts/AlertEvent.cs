using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Maps;
using Azure.Messaging;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// A change of an alert as a CloudEvents 1.0 event (github.com/cloudevents/spec); docs/schemas/alert.schema.json describes it.
/// </summary>
/// <param name="Envelope">
/// id: the same for every delivery of one change; source: the installation that sends it; type: <see cref="TypePrefix"/> and "opened",
/// "updated", "acknowledged" or "closed"; subject: the camera; time: of the image or the decision that caused the change; extension
/// "distributed tracing".
/// </param>
/// <param name="Data">The alert; the envelope's data hold the same as JSON.</param>
public sealed record AlertEvent(CloudEvent Envelope, AlertData Data)
{
    /// <summary>Prefix of the type of every alert event.</summary>
    public const string TypePrefix = "aaclip.anomaly.";

    /// <summary>Id of the schema of <see cref="Data"/>.</summary>
    public const string DataSchemaId = "urn:aaclip:schema:alert:1#/$defs/data";

    /// <summary>Media type of the JSON form of an event.</summary>
    public const string MediaType = "application/cloudevents+json";

    private const string TraceAttribute = "traceparent";

    /// <summary>W3C trace context; null if there is none.</summary>
    public string? Traceparent => Envelope.ExtensionAttributes.TryGetValue(TraceAttribute, out object? context) ? context as string : null;

    /// <summary>What receivers filter by without reading the body: application properties of the topic, user properties of MQTT.</summary>
    internal IReadOnlyDictionary<string, object> Properties =>
        new Dictionary<string, object>
        {
            ["camera"] = Data.Camera,
            ["objectClass"] = Data.ObjectClass,
            ["severity"] = Data.Severity,
            ["score"] = Data.Score.Calibrated,
            ["model"] = Data.Model,
            ["verdict"] = "anomalous",
            ["type"] = Envelope.Type,
        };

    /// <summary>Makes the event of a change.</summary>
    public static AlertEvent Of(AlertChange change, AlertOptions options)
    {
        AlertPicture picture = change.Picture;
        AlertData data = new()
        {
            AlertId = change.AlertId,
            Sequence = change.Sequence,
            Severity = change.Severity,
            CloseReason = change.CloseReason,
            ClosedBy = change.ClosedBy,
            Acknowledged = change.Acknowledged,
            Camera = change.Camera,
            OpenedAt = change.OpenedAt,
            Images = change.Images,
            ObjectClass = picture.ObjectClass,
            Model = picture.Model,
            Score = new AlertScore(picture.Raw, picture.Calibrated, picture.Threshold),
            Region = picture.Region,
            Image = new AlertImage(
                picture.Image,
                picture.ETag,
                picture.Time,
                Link(options, ContainerNames.Images, picture.Image),
                picture.Part
            ),
            Result = new AlertBlob(picture.Result, Link(options, ContainerNames.Results, picture.Result)),
            Heatmap = picture.Heatmap is { } heatmap ? new AlertBlob(heatmap, Link(options, ContainerNames.Heatmaps, heatmap)) : null,
        };
        BinaryData json = BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(data, AlertJson.Default.AlertData));
        CloudEvent envelope = new(options.Source, TypePrefix + change.TypeName, json, "application/json", CloudEventDataFormat.Json)
        {
            Id = change.Id,
            Subject = change.Camera,
            Time = change.Time,
            DataSchema = DataSchemaId,
        };
        if (change.Traceparent is not null)
            envelope.ExtensionAttributes[TraceAttribute] = change.Traceparent;
        return new AlertEvent(envelope, data);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The JSON is not a CloudEvents 1.0 event, or its data are not an alert.</exception>
    public static AlertEvent Parse(BinaryData json)
    {
        try
        {
            CloudEvent? envelope = JsonSerializer.Deserialize<CloudEvent>(json);
            AlertData? data = envelope?.Data is { } found ? JsonSerializer.Deserialize(found, AlertJson.Default.AlertData) : null;
            return data is not null
                ? new AlertEvent(envelope!, data) // not null: the data come from it
                : throw new JsonException("An alert event has no data.");
        }
        catch (ArgumentException e)
        {
            throw new JsonException($"An alert event is not a CloudEvents 1.0 event: {e.Message}", e);
        }
    }

    /// <summary>Writes the event in the JSON format of CloudEvents, UTF-8.</summary>
    public BinaryData ToJson() => BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(Envelope));

    private static string? Link(AlertOptions options, string container, string blob) =>
        string.IsNullOrEmpty(options.LinkBase)
            ? null
            : $"{options.LinkBase.TrimEnd('/')}/{container}/{string.Join('/', blob.Split('/').Select(Uri.EscapeDataString))}";
}

/// <summary>The alert in an event. Score, image and region are those of the image with the highest score so far.</summary>
public sealed record AlertData
{
    /// <summary>Version of the schema.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Id of the alert, the same for all its events.</summary>
    public required string AlertId { get; init; }

    /// <summary>1 for opened, then one more for each event.</summary>
    public required int Sequence { get; init; }

    /// <summary>The highest severity band reached.</summary>
    public required string Severity { get; init; }

    /// <summary>Why the alert was closed; absent in other events.</summary>
    public AlertCloseReason? CloseReason { get; init; }

    /// <summary>Who closed the alert and why; absent in other events, and if images closed it.</summary>
    public AlertMark? ClosedBy { get; init; }

    /// <summary>Who acknowledged the alert and why; absent if nobody did.</summary>
    public AlertMark? Acknowledged { get; init; }

    /// <summary>Camera of the alert.</summary>
    public required string Camera { get; init; }

    /// <summary>Name of the object's class, such as "bottle".</summary>
    public required string ObjectClass { get; init; }

    /// <summary>"name@version" of the model that scored.</summary>
    public required string Model { get; init; }

    /// <summary>Time of the image that opened the alert.</summary>
    public required DateTimeOffset OpenedAt { get; init; }

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
