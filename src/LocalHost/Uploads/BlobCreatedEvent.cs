using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.LocalHost.Uploads;

/// <summary>An event as Event Grid puts it on a storage queue (learn.microsoft.com/azure/event-grid/event-schema-blob-storage).</summary>
internal sealed record BlobCreatedEvent(
    string Id,
    string Topic,
    string Subject,
    string EventType,
    DateTimeOffset EventTime,
    BlobCreatedData Data,
    string DataVersion,
    string MetadataVersion
)
{
    /// <summary>The event of a listed blob. The same version of a blob always gives the same id.</summary>
    public static BlobCreatedEvent Of(BlobContainerClient container, BlobItem blob)
    {
        string etag = BlobVersion.ETagOf(blob);
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{container.Name}/{blob.Name}\n{etag}"));
        return new BlobCreatedEvent(
            new Guid(hash.AsSpan(0, 16)).ToString(),
            $"/subscriptions/local/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/{container.AccountName}",
            $"/blobServices/default/containers/{container.Name}/blobs/{blob.Name}",
            "Microsoft.Storage.BlobCreated",
            blob.Properties.LastModified ?? DateTimeOffset.UnixEpoch,
            new BlobCreatedData(
                "PutBlob", // a listing does not tell it from PutBlockList
                blob.Properties.ContentType,
                blob.Properties.ContentLength ?? 0,
                (blob.Properties.BlobType ?? BlobType.Block) + "Blob",
                container.GetBlobClient(blob.Name).Uri.AbsoluteUri,
                etag
            ),
            "",
            "1"
        );
    }

    public string ToJson() => JsonSerializer.Serialize(this, EventJson.Default.BlobCreatedEvent);
}

/// <summary>What happened to which blob.</summary>
internal sealed record BlobCreatedData(string Api, string? ContentType, long ContentLength, string BlobType, string Url, string ETag);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BlobCreatedEvent))]
internal sealed partial class EventJson : JsonSerializerContext;
