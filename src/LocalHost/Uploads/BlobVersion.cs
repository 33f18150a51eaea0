using System.Globalization;
using Azure.Storage.Blobs.Models;

namespace AaClip.LocalHost.Uploads;

/// <summary>
/// What of a listed blob changes when Event Grid raises BlobCreated, and only then: PutBlob, PutBlockList and CopyBlob do, while metadata,
/// properties and tags change the ETag alone, and AppendBlock and PutPage raise nothing
/// (learn.microsoft.com/azure/event-grid/event-schema-blob-storage).
/// </summary>
internal static class BlobVersion
{
    /// <summary>
    /// When it was created, its length and its Content-MD5. Where storage has no MD5 (an upload in blocks) the ETag stands for the content:
    /// rather one event too many than an image that nobody scores. Of append and page blobs only the creation counts.
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

    /// <summary>ETag without quotes, as events carry it.</summary>
    public static string ETagOf(BlobItem blob) => blob.Properties.ETag?.ToString("G").Trim('"') ?? "";
}
