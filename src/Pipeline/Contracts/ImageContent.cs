using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// What storage tells of a blob's content without reading it. Its ETag also changes with metadata, properties, tags and access lists, which
/// make no new image and raise no event.
/// </summary>
/// <param name="Bytes">Length.</param>
/// <param name="CreatedAt">When this content was stored, to the second; null where it is not known.</param>
/// <param name="Md5">Base64; null where the uploader gave none.</param>
public sealed record ImageContent(long Bytes, DateTimeOffset? CreatedAt, string? Md5)
{
    /// <summary>Of a listed blob.</summary>
    public static ImageContent Of(BlobItemProperties blob) => new(blob.ContentLength ?? -1, blob.CreatedOn, Text(blob.ContentHash));

    /// <summary>Of a blob's properties.</summary>
    public static ImageContent Of(BlobProperties blob) => new(blob.ContentLength, blob.CreatedOn, Text(blob.ContentHash));

    /// <summary>Of a blob that was downloaded as a whole.</summary>
    public static ImageContent Of(BlobDownloadDetails blob) =>
        new(blob.ContentLength, blob.CreatedOn == default ? null : blob.CreatedOn, Text(blob.ContentHash));

    /// <summary>Whether both are the same content: the same hash, or where one has none, the same length and time.</summary>
    public bool IsSame(ImageContent other) =>
        Bytes == other.Bytes
        && (Md5 is not null && other.Md5 is not null ? Md5 == other.Md5 : CreatedAt is not null && CreatedAt == other.CreatedAt);

    private static string? Text(byte[]? hash) => hash is { Length: > 0 } ? Convert.ToBase64String(hash) : null;
}
