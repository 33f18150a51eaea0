using System.Globalization;
using Azure.Storage.Blobs.Models;

namespace AaClip.LocalHost.Uploads;

/// <summary>
/// Identifies a version of a blob; it changes exactly when Event Grid raises BlobCreated. PutBlob, PutBlockList and CopyBlob raise the
/// event. Changes of metadata, properties and tags change only the ETag, and AppendBlock and PutPage raise no event
/// (learn.microsoft.com/azure/event-grid/event-schema-blob-storage).
/// </summary>
internal static class BlobVersion
{
    /// <summary>
    /// Combines creation time, length and Content-MD5. When storage has no MD5 (an upload in blocks), the ETag is used instead: one event
    /// too many is better than an image that is never scored. For append and page blobs only the creation time is used.
    /// </summary>
    public static string Of(BlobItem blob)
    {
        BlobItemProperties properties = blob.Properties;
        string created = properties.CreatedOn?.ToString("O", CultureInfo.InvariantCulture) ?? "";
        if (properties.BlobType is BlobType.Append or BlobType.Page && created.Length > 0)
            return created;
        return properties.ContentHash is { Length: > 0 } md5 && created.Length > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{created} {properties.ContentLength} {Convert.ToHexString(md5)}")
            : ETagOf(blob);
    }

    /// <summary>ETag without quotes, as in events.</summary>
    public static string ETagOf(BlobItem blob) => blob.Properties.ETag?.ToString("G").Trim('"') ?? "";
}
