using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// A blob was stored: the part of a storage event that matters here. Read from the Event Grid schema, alone or in an array of one, and
/// from the CloudEvents 1.0 schema, which an Event Grid subscription can deliver too; written in the Event Grid schema.
/// </summary>
[JsonConverter(typeof(BlobCreatedConverter))]
public sealed record BlobCreated
{
    /// <summary>The event type of a new or overwritten blob.</summary>
    public const string Type = "Microsoft.Storage.BlobCreated";

    /// <summary>Id of the event.</summary>
    public required string Id { get; init; }

    /// <summary><see cref="Type"/>, or another one that was subscribed to by mistake.</summary>
    public string EventType { get; init; } = Type;

    /// <summary>Container.</summary>
    public required string Container { get; init; }

    /// <summary>Blob name as it is, not as in an address: "line 1/a+b.jpg".</summary>
    public required string Name { get; init; }

    /// <summary>Names the version of the blob, without quotes. Empty where the event does not carry one.</summary>
    public required string ETag { get; init; }

    /// <summary>Length in bytes; −1 where the event does not carry one.</summary>
    public required long Bytes { get; init; }

    /// <summary>The operation of storage that made it, such as "PutBlob" or "SftpCreate"; null where the event does not say.</summary>
    public string? Api { get; init; }

    /// <summary>When the blob was stored.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>W3C trace context; Event Grid sends none in its own schema.</summary>
    public string? Traceparent { get; init; }
}
