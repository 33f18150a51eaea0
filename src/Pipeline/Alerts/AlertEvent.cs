using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AaClip.Pipeline.Storage;
using Azure.Messaging;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// A change of an alert as a CloudEvents 1.0 event (github.com/cloudevents/spec); docs/schemas/alert.schema.json describes it.
/// </summary>
/// <param name="Envelope">
/// id: the same for every delivery of one change; source: the installation that sends it; type: "aaclip.", the kind of the alert, and
/// ".opened", ".updated", ".acknowledged" or ".closed", of a generated image ".flagged"; subject: the camera; time: of the image or the
/// decision that caused the change;
/// extension "distributed tracing".
/// </param>
/// <param name="Data">The alert; the envelope's data hold the same as JSON.</param>
public sealed record AlertEvent(CloudEvent Envelope, AlertData Data)
{
    /// <summary>Id of the schema of <see cref="Data"/>, without the name of the kind's part.</summary>
    public const string DataSchemaId = "urn:aaclip:schema:alert:1#/$defs/";

    /// <summary>Media type of the JSON form of an event.</summary>
    public const string MediaType = "application/cloudevents+json";

    private const string TraceAttribute = "traceparent";

    /// <summary>What the alert is about.</summary>
    public AlertKind Kind =>
        Data switch
        {
            SilenceData => AlertKind.Silence,
            DriftData => AlertKind.Drift,
            GeneratedData => AlertKind.Generated,
            EventData => AlertKind.Event,
            _ => AlertKind.Anomaly,
        };

    /// <summary>What happened: "opened", "updated", "acknowledged" or "closed"; of a generated image "flagged".</summary>
    public string Change => Envelope.Type[(Envelope.Type.LastIndexOf('.') + 1)..];

    /// <summary>The data of anomalous images; null for other kinds.</summary>
    public AnomalyData? Anomaly => Data as AnomalyData;

    /// <summary>The data of an image that a generator seems to have made; null for other kinds.</summary>
    public GeneratedData? Generated => Data as GeneratedData;

    /// <summary>The data of an event in a camera's sequence; null for other kinds.</summary>
    public EventData? Event => Data as EventData;

    /// <summary>W3C trace context; null if there is none.</summary>
    public string? Traceparent => Envelope.ExtensionAttributes.TryGetValue(TraceAttribute, out object? context) ? context as string : null;

    /// <summary>What receivers filter by without reading the body: application properties of the topic, user properties of MQTT.</summary>
    internal IReadOnlyDictionary<string, object> Properties
    {
        get
        {
            Dictionary<string, object> properties = new()
            {
                ["camera"] = Data.Camera,
                ["kind"] = Kind.NameOf(),
                ["type"] = Envelope.Type,
            };
            if (Anomaly is { } anomaly)
            {
                properties["objectClass"] = anomaly.ObjectClass;
                properties["severity"] = anomaly.Severity;
                properties["score"] = anomaly.Score.Calibrated;
                properties["verdict"] = "anomalous";
            }

            if (Generated is { } generated)
            {
                properties["objectClass"] = generated.ObjectClass;
                properties["probability"] = generated.Probability;
            }

            if (Event is { } found)
            {
                properties["label"] = found.Event.Label;
                properties["probability"] = found.Event.Probability;
                properties["provisional"] = found.Provisional;
            }

            if ((Anomaly?.Model ?? Generated?.Model ?? Event?.Model ?? (Data as DriftData)?.Model) is { } model)
                properties["model"] = model;
            return properties;
        }
    }

    /// <summary>Makes the event of a change.</summary>
    public static AlertEvent Of(AlertChange change, AlertOptions options)
    {
        AlertData data = change switch
        {
            { Silence: { } silence } => new SilenceData
            {
                AlertId = change.AlertId,
                Sequence = change.Sequence,
                Camera = change.Camera,
                OpenedAt = change.OpenedAt,
                LastImageAt = silence.LastImageAt,
                LimitSeconds = silence.LimitSeconds,
            },
            { Drift: { } drift } => new DriftData
            {
                AlertId = change.AlertId,
                Sequence = change.Sequence,
                Camera = change.Camera,
                OpenedAt = change.OpenedAt,
                Model = drift.Model,
                Psi = drift.Psi,
            },
            { Generated: { } generated } => new GeneratedData
            {
                AlertId = change.AlertId,
                Sequence = change.Sequence,
                Camera = change.Camera,
                OpenedAt = change.OpenedAt,
                Model = generated.Model,
                Probability = generated.Probability,
                PValue = generated.PValue,
                Threshold = generated.Threshold,
                ObjectClass = generated.ObjectClass,
                Image = new AlertImage(
                    generated.Image,
                    generated.ETag,
                    change.Time,
                    Link(options, ContainerNames.Images, generated.Image),
                    generated.Part
                ),
                Result = new AlertBlob(generated.Result, Link(options, ContainerNames.Results, generated.Result)),
            },
            { Event: { } found } => new EventData
            {
                AlertId = change.AlertId,
                Sequence = change.Sequence,
                Camera = change.Camera,
                OpenedAt = change.OpenedAt,
                Model = found.Model,
                Provisional = found.Provisional,
                Event = new AlertedEvent(found.Label, found.Probability, found.Score, found.Threshold, found.From, found.To),
                Window = new AlertWindow(found.WindowFrom, found.WindowTo),
                Image = new AlertVersion(found.Image, found.ETag, Link(options, ContainerNames.Images, found.Image)),
                Timeline = found.Timeline is { } timeline
                    ? new AlertBlob(timeline, Link(options, ContainerNames.Timelines, timeline))
                    : null,
            },
            _ => OfImages(change, options),
        };
        data = data with { CloseReason = change.CloseReason, ClosedBy = change.ClosedBy, Acknowledged = change.Acknowledged };
        BinaryData json = BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(data, TypeOf(change.Kind)));
        string kind = change.Kind.NameOf(),
            part = change.Kind == AlertKind.Anomaly ? "data" : kind;
        CloudEvent envelope = new(options.Source, $"aaclip.{kind}.{change.TypeName}", json, "application/json", CloudEventDataFormat.Json)
        {
            Id = change.Id,
            Subject = change.Camera,
            Time = change.Time,
            DataSchema = DataSchemaId + part,
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
            if (envelope?.Data is not { } found)
                throw new JsonException("An alert event has no data.");
            if (envelope.Type.Split('.') is not ["aaclip", var name, _] || AlertKinds.Of(name) is not { } kind)
                throw new JsonException($"An event of the type '{envelope.Type}' is no alert.");
            return new AlertEvent(
                envelope,
                (AlertData?)JsonSerializer.Deserialize(found, TypeOf(kind))
                    ?? throw new JsonException("The data of an alert event are null.")
            );
        }
        catch (ArgumentException e)
        {
            throw new JsonException($"An alert event is not a CloudEvents 1.0 event: {e.Message}", e);
        }
    }

    /// <summary>Writes the event in the JSON format of CloudEvents, UTF-8.</summary>
    public BinaryData ToJson() => BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(Envelope));

    private static JsonTypeInfo TypeOf(AlertKind kind) =>
        kind switch
        {
            AlertKind.Silence => AlertJson.Default.SilenceData,
            AlertKind.Drift => AlertJson.Default.DriftData,
            AlertKind.Generated => AlertJson.Default.GeneratedData,
            AlertKind.Event => AlertJson.Default.EventData,
            _ => AlertJson.Default.AnomalyData,
        };

    private static AnomalyData OfImages(AlertChange change, AlertOptions options)
    {
        // Not null: an alert of images has them
        AlertPicture picture = change.Picture!;
        return new AnomalyData
        {
            AlertId = change.AlertId,
            Sequence = change.Sequence,
            Camera = change.Camera,
            OpenedAt = change.OpenedAt,
            Severity = change.Severity!,
            Images = change.Images!.Value,
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
    }

    private static string? Link(AlertOptions options, string container, string blob) =>
        string.IsNullOrEmpty(options.LinkBase)
            ? null
            : $"{options.LinkBase.TrimEnd('/')}/{container}/{string.Join('/', blob.Split('/').Select(Uri.EscapeDataString))}";
}
