using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// A blob was stored: the fields of a storage event that the pipeline uses. Reads the Event Grid schema (one event, or an array of one) and
/// the CloudEvents 1.0 schema, which an Event Grid subscription can also deliver. Writes the Event Grid schema.
/// </summary>
[JsonConverter(typeof(BlobCreatedConverter))]
public sealed record BlobCreated
{
    /// <summary>The event type of a new or overwritten blob.</summary>
    public const string Type = "Microsoft.Storage.BlobCreated";

    /// <summary>The event's id, as Event Grid gave it.</summary>
    public required string Id { get; init; }

    /// <summary><see cref="Type"/>, or another type if the subscription does not filter by type.</summary>
    public string EventType { get; init; } = Type;

    /// <summary>Name of the blob's container.</summary>
    public required string Container { get; init; }

    /// <summary>Blob name, not percent-encoded: "line 1/a+b.jpg".</summary>
    public required string Name { get; init; }

    /// <summary>Version of the blob, without quotes. Empty if the event has none.</summary>
    public required string ETag { get; init; }

    /// <summary>Length in bytes; −1 if the event has none.</summary>
    public required long Bytes { get; init; }

    /// <summary>
    /// The storage operation that created the blob, such as "PutBlob" or "SftpCreate"; null if the event does not name it.
    /// </summary>
    public string? Api { get; init; }

    /// <summary>When the blob was stored.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>W3C trace context; Event Grid sends none in its own schema.</summary>
    public string? Traceparent { get; init; }
}
