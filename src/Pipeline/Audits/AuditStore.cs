using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Audits;

/// <summary>
/// Stores what audits measure, in the jobs container: {job}/audit/… has a blob for each image, named from model, image and version, and
/// {job}/audited one for each page.
/// </summary>
public sealed class AuditStore(StorageClients storage)
{
    private readonly BlobContainerClient _jobs = storage.Container(ContainerNames.Jobs);

    /// <summary>Reads what was measured on an image.</summary>
    /// <returns>Null if nothing was yet.</returns>
    public Task<AuditedImage?> ReadAsync(string job, string model, ImageVersion image, CancellationToken cancellation = default) =>
        GetAsync(NameOf(job, model, image), AuditJson.Default.AuditedImage, cancellation);

    /// <summary>Whether an image was measured.</summary>
    public async Task<bool> ExistsAsync(string job, string model, ImageVersion image, CancellationToken cancellation = default) =>
        await _jobs.GetBlobClient(NameOf(job, model, image)).ExistsAsync(cancellation);

    /// <summary>Writes what was measured on an image, unless something is there: the first of several deliveries counts.</summary>
    public async Task AddAsync(string job, string model, AuditedImage image, CancellationToken cancellation = default)
    {
        try
        {
            await PutAsync(
                NameOf(job, model, image.Version),
                image,
                AuditJson.Default.AuditedImage,
                new BlobRequestConditions { IfNoneMatch = ETag.All },
                cancellation
            );
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // An earlier delivery, or the first try of this write
        }
    }

    /// <summary>Writes the images of a page, without their pictures.</summary>
    public Task WritePageAsync(string job, int number, IReadOnlyList<AuditedImage> images, CancellationToken cancellation = default) =>
        PutAsync(
            FormattableString.Invariant($"{job}/audited/{number:D6}.json"),
            [.. images.Select(i => i with { Rises = i.Rises is null ? null : i.Rises with { Picture = null } })],
            AuditJson.Default.IReadOnlyListAuditedImage,
            null,
            cancellation
        );

    /// <summary>Reads the images of all pages, in order.</summary>
    public async IAsyncEnumerable<AuditedImage> PagesAsync(string job, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (BlobItem blob in _jobs.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{job}/audited/" }, cancellation))
        foreach (AuditedImage image in await GetAsync(blob.Name, AuditJson.Default.IReadOnlyListAuditedImage, cancellation) ?? [])
            yield return image;
    }

    // A hash: with the job's id before it, the name of a result could be longer than storage permits
    private static string NameOf(string job, string model, ImageVersion image) =>
        $"{job}/audit/{TextHash.Hex($"{model}\n{image.Identity}")}.json";

    private async Task<T?> GetAsync<T>(string name, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        BinaryData content;
        try
        {
            content = (await _jobs.GetBlobClient(name).DownloadContentAsync(cancellation)).Value.Content;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(content.ToMemory().Span, type) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{ContainerNames.Jobs}/{name} cannot be read: {e.Message}", e);
        }
    }

    private async Task PutAsync<T>(
        string name,
        T content,
        JsonTypeInfo<T> type,
        BlobRequestConditions? conditions,
        CancellationToken cancellation
    ) =>
        await _jobs
            .GetBlobClient(name)
            .UploadAsync(
                BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(content, type)),
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                    Conditions = conditions,
                },
                cancellation
            );
}
