using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Scoring;

/// <summary>Reads versions of stored images for jobs, which take no other version than they listed. Thread-safe.</summary>
public sealed class StoredImages(StorageClients storage, IOptions<LimitsOptions> limits)
{
    private readonly BlobContainerClient _images = storage.Container(ContainerNames.Images);
    private readonly DecodeOptions _decode = limits.Value.Decode;

    /// <summary>Downloads a version of an image.</summary>
    /// <returns>The content and what storage says of it; or none, and where the version went: "deleted" or "overwritten".</returns>
    /// <exception cref="ImageRejectedException">It has too many bytes, or is in the archive tier.</exception>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task<(byte[]? Content, BlobDownloadDetails? Details, string? Gone)> DownloadAsync(
        ImageVersion version,
        CancellationToken cancellation
    )
    {
        ETag wanted = version.ETag == "*" ? ETag.All : new ETag($"\"{version.ETag.Trim('"')}\"");
        BlobDownloadOptions options = new() { Conditions = new BlobRequestConditions { IfMatch = wanted } };
        BlobClient image = _images.GetBlobClient(version.Image);
        try
        {
            BlobDownloadStreamingResult blob = (await image.DownloadStreamingAsync(options, cancellation)).Value;
            using (blob.Content)
            {
                if (blob.Details.ContentLength > _decode.Limits.MaxBytes)
                    throw new ImageRejectedException(
                        ImageRejection.TooManyBytes,
                        $"Image '{version.Image}' has {blob.Details.ContentLength} bytes, more than the limit of "
                            + $"{_decode.Limits.MaxBytes}: raise Limits__MaxBytes."
                    );
                byte[] bytes = new byte[blob.Details.ContentLength];
                await blob.Content.ReadExactlyAsync(bytes, cancellation);
                return (bytes, blob.Details, null);
            }
        }
        catch (RequestFailedException e) when (e.Status == 412)
        {
            return (null, null, await image.ExistsAsync(cancellation) ? "overwritten" : "deleted");
        }
        catch (RequestFailedException e) when (e.Status == 404 && e.ErrorCode != BlobErrorCode.ContainerNotFound)
        {
            return (null, null, "deleted");
        }
        catch (RequestFailedException e)
            when (e.ErrorCode == BlobErrorCode.BlobArchived || e.ErrorCode == BlobErrorCode.BlobBeingRehydrated)
        {
            throw new ImageRejectedException(
                ImageRejection.Archived,
                $"Image '{version.Image}' is in the archive tier: move it to the hot or cool tier, then start the job again.",
                e
            );
        }
    }

    /// <summary>Decodes a content.</summary>
    /// <param name="image">Its name, for messages.</param>
    /// <exception cref="ImageRejectedException">It is no image that is read, or too large.</exception>
    public RgbImage Decode(byte[] content, string image) => ImageDecoder.Decode(content, image, _decode).Image;
}
