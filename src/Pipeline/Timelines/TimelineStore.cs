using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Timelines;

/// <summary>
/// Time lines of closed windows, in the timelines container: <c>{temporal model}/{camera}/{begin of the window}.json</c>. A blob is never
/// changed: the first of several deliveries counts.
/// </summary>
public sealed class TimelineStore(StorageClients storage)
{
    private readonly BlobContainerClient _timelines = storage.Container(ContainerNames.Timelines);

    /// <summary>Blob name of the time line of a window.</summary>
    /// <param name="start">Begin of the window.</param>
    public static string NameOf(string model, string camera, DateTimeOffset start) =>
        BlobNames.Prefix(model, camera)
        + start.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'.'fffffff'Z'", CultureInfo.InvariantCulture)
        + ".json";

    /// <summary>Writes the time line of a window, unless there is one.</summary>
    /// <returns>The one that is stored.</returns>
    public async Task<TimelineDocument> AddAsync(string name, TimelineDocument timeline, CancellationToken cancellation = default)
    {
        try
        {
            await _timelines
                .GetBlobClient(name)
                .UploadAsync(
                    BinaryData.FromString(timeline.ToJson()),
                    new BlobUploadOptions
                    {
                        HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                        Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                    },
                    cancellation
                );
            return timeline;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return await ReadAsync(name, cancellation) ?? timeline; // null: deleted meanwhile
        }
    }

    /// <summary>Reads a time line.</summary>
    /// <returns>Null if there is none.</returns>
    /// <exception cref="InvalidDataException">The blob holds something else.</exception>
    public async Task<TimelineDocument?> ReadAsync(string name, CancellationToken cancellation = default)
    {
        try
        {
            return TimelineDocument.Parse((await _timelines.GetBlobClient(name).DownloadContentAsync(cancellation)).Value.Content);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{_timelines.Name}/{name}' is not a time line: {e.Message} Delete the blob.", e);
        }
    }

    /// <summary>Lists the names of a camera's time lines, in order of time.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string model, string camera, CancellationToken cancellation = default) =>
        await _timelines
            .GetBlobsAsync(new GetBlobsOptions { Prefix = BlobNames.Prefix(model, camera) }, cancellation)
            .Select(b => b.Name)
            .ToListAsync(cancellation);
}
