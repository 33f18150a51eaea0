using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// Identifies a blob's content without reading it. The ETag does not: it also changes with metadata, properties, tags and access lists,
/// which make no new image and raise no event.
/// </summary>
/// <param name="Bytes">Length of the content.</param>
/// <param name="CreatedAt">When this content was stored, in whole seconds; null if unknown.</param>
/// <param name="Md5">Base64; null if the uploader sent none.</param>
public sealed record ImageContent(long Bytes, DateTimeOffset? CreatedAt, string? Md5)
{
    /// <summary>From an item of a blob listing.</summary>
    public static ImageContent Of(BlobItemProperties blob) => new(blob.ContentLength ?? -1, blob.CreatedOn, Text(blob.ContentHash));

    /// <summary>From the properties of a blob.</summary>
    public static ImageContent Of(BlobProperties blob) => new(blob.ContentLength, blob.CreatedOn, Text(blob.ContentHash));

    /// <summary>From the download of a whole blob.</summary>
    public static ImageContent Of(BlobDownloadDetails blob) =>
        new(blob.ContentLength, blob.CreatedOn == default ? null : blob.CreatedOn, Text(blob.ContentHash));

    /// <summary>Whether both are the same content: equal length and hash, or, if one has no hash, equal length and time.</summary>
    public bool IsSame(ImageContent other) =>
        Bytes == other.Bytes
        && (Md5 is not null && other.Md5 is not null ? Md5 == other.Md5 : CreatedAt is not null && CreatedAt == other.CreatedAt);

    private static string? Text(byte[]? hash) => hash is { Length: > 0 } ? Convert.ToBase64String(hash) : null;
}
