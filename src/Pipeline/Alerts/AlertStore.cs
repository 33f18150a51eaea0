using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Alerts;

/// <summary>The cameras' states as blobs, changed under their ETags: of two workers that change one at once, the second decides again.</summary>
internal sealed class AlertStore
{
    private const int Attempts = 12;

    private readonly BlobContainerClient _container;
    private readonly TimeProvider _time;

    public AlertStore(StorageClients storage, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(storage);
        _container = storage.Container(ContainerNames.State);
        _time = time;
    }

    /// <summary>Blob of a camera in the state container: "alerts/{camera}.json", escaped as in an address; very long names are shortened by a hash.</summary>
    public static string BlobName(string camera)
    {
        string name = Uri.EscapeDataString(camera);
        if (name.Length > 200)
            name = $"{name[..100]}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(camera)).AsSpan(0, 16))}";
        return $"alerts/{name}.json";
    }

    /// <summary>Reads a state; the empty one where there is none.</summary>
    /// <exception cref="InvalidDataException">The blob is not a state that this program knows.</exception>
    public async Task<AlertState> GetAsync(string camera, CancellationToken cancellation = default) =>
        (await ReadAsync(_container.GetBlobClient(BlobName(camera)), cancellation).ConfigureAwait(false)).State;

    /// <summary>
    /// Changes a state. When another worker was faster, reads again and lets <paramref name="change"/> decide again; when it gives back the
    /// instance it got, writes nothing.
    /// </summary>
    /// <returns>The state as it is stored now.</returns>
    /// <exception cref="InvalidDataException">The blob is not a state that this program knows.</exception>
    /// <exception cref="IOException">Other workers were faster each time; a later attempt may succeed.</exception>
    public async Task<AlertState> ChangeAsync(string camera, Func<AlertState, AlertState> change, CancellationToken cancellation = default)
    {
        BlobClient blob = _container.GetBlobClient(BlobName(camera));
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            (AlertState before, ETag? etag) = await ReadAsync(blob, cancellation).ConfigureAwait(false);
            AlertState after = change(before);
            if (ReferenceEquals(before, after))
                return before;
            try
            {
                await blob.UploadAsync(BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(after, AlertJson.Default.AlertState)), new BlobUploadOptions
                {
                    Conditions = etag is null ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new BlobRequestConditions { IfMatch = etag },
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                }, cancellation).ConfigureAwait(false);
                return after;
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412)
            {
                // Random, so that two workers do not keep step. From 5 ms, at most half a second.
                double limit = Math.Min(500, 10 * Math.Pow(2, attempt));
                await Task.Delay(TimeSpan.FromMilliseconds(limit * (0.5 + Random.Shared.NextDouble() / 2)), _time, cancellation).ConfigureAwait(false);
            }
        }

        throw new IOException($"The state of alerts '{blob.BlobContainerName}/{blob.Name}' was changed by other workers {Attempts} times in a row: the message is tried again later; if this stays, let fewer workers read the queue '{QueueNames.Scored}'.");
    }

    private static async Task<(AlertState State, ETag? ETag)> ReadAsync(BlobClient blob, CancellationToken cancellation)
    {
        BlobDownloadResult found;
        try
        {
            found = (await blob.DownloadContentAsync(cancellation).ConfigureAwait(false)).Value;
        }
        catch (RequestFailedException e) when (e.Status == 404 && e.ErrorCode != BlobErrorCode.ContainerNotFound)
        {
            return (AlertState.Empty, null);
        }

        try
        {
            return (JsonSerializer.Deserialize(found.Content.ToMemory().Span, AlertJson.Default.AlertState) ?? throw new JsonException("It is null."), found.Details.ETag);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{blob.BlobContainerName}/{blob.Name}' is not a state of alerts: {e.Message} Repair the blob, or delete it to start afresh.", e);
        }
    }
}
