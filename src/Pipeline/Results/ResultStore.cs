using System.Collections.Concurrent;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Results;

/// <summary>
/// Stores results, heatmaps and raw maps. Blob names come from <see cref="ImageVersion"/>, a write replaces an existing blob, and the
/// result is written last.
/// </summary>
public sealed class ResultStore(StorageClients storage)
{
    /// <summary>The index, which every write keeps.</summary>
    public ResultIndex Index { get; } = new(storage);

    private const int Parallel = 16;

    private readonly BlobContainerClient _results = storage.Container(ContainerNames.Results);
    private readonly BlobContainerClient _heatmaps = storage.Container(ContainerNames.Heatmaps);
    private readonly BlobContainerClient _maps = storage.Container(ContainerNames.Maps);

    /// <summary>
    /// Stores the pictures of an image. Call it before <see cref="WriteAsync"/>, so that a reader who finds the result also finds the
    /// pictures.
    /// </summary>
    /// <param name="model">"name@version".</param>
    /// <param name="heatmap">JPEG; null for none.</param>
    /// <param name="map">16-bit PNG.</param>
    /// <returns>Their blob names in the heatmaps and maps containers; null if there is no heatmap.</returns>
    public async Task<(string? Heatmap, string Map)> WritePicturesAsync(
        string model,
        ImageVersion image,
        byte[]? heatmap,
        byte[] map,
        CancellationToken cancellation = default
    )
    {
        (string heatmapBlob, string mapBlob) = (image.Heatmap(model), image.Map(model));
        Task one = heatmap is null ? Task.CompletedTask : PutAsync(_heatmaps, heatmapBlob, heatmap, "image/jpeg", null, null, cancellation);
        Task other = PutAsync(_maps, mapBlob, map, "image/png", null, null, cancellation);
        await Task.WhenAll(one, other);
        return (heatmap is null ? null : heatmapBlob, mapBlob);
    }

    /// <summary>Stores a result. It replaces an older result of the same image, version and model.</summary>
    /// <returns>Its blob name in the results container.</returns>
    public async Task<string> WriteAsync(ResultDocument result, CancellationToken cancellation = default)
    {
        string name = NameOf(result);
        await PutAsync(_results, name, Json(result), "application/json", ResultSummary.ToMetadata(result), null, cancellation);
        await Index.PutAsync(result, cancellation);
        return name;
    }

    /// <summary>
    /// Stores a result unless the image has one already. A failed result of a job replaces a failed result of another origin.
    /// </summary>
    /// <returns>Whether this result is stored now.</returns>
    public async Task<bool> TryAddAsync(ResultDocument result, CancellationToken cancellation = default)
    {
        byte[] json = Json(result);
        try
        {
            BlobRequestConditions absent = new() { IfNoneMatch = ETag.All };
            await PutAsync(_results, NameOf(result), json, "application/json", ResultSummary.ToMetadata(result), absent, cancellation);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // Else the answer to this very write was lost, and the client repeated it
            if (!await HoldsAsync(NameOf(result), json, cancellation))
                return await TryReplaceFailureAsync(result, cancellation);
        }

        await Index.PutAsync(result, cancellation);
        return true;
    }

    private async Task<bool> TryReplaceFailureAsync(ResultDocument result, CancellationToken cancellation)
    {
        ResultSummary? there = result.Job is null ? null : await SummaryAsync(result.Model.Id, result.Image.Version, cancellation);
        if (there is not { Verdict: Verdict.Failed } || there.Job == result.Job)
            return false;
        await WriteAsync(result, cancellation);
        return true;
    }

    /// <summary>Stores a message of a poison queue. The same message always gets the same blob, and keeps its count of redrives.</summary>
    /// <returns>Its blob name in the results container.</returns>
    public async Task<string> WriteFailedAsync(FailedMessage message, CancellationToken cancellation = default)
    {
        string hash = TextHash.Hex(message.Body, 32);
        string name = $"{BlobNames.Failed}/{message.Queue}/{hash}.json";
        await FailedBlob(name)
            .ChangeAsync(before => message with { Redriven = before?.Redriven ?? 0, RedrivenAt = before?.RedrivenAt }, cancellation);
        return name;
    }

    /// <summary>Reads what <see cref="WriteFailedAsync"/> wrote.</summary>
    /// <returns>Null if there is no such blob.</returns>
    /// <exception cref="InvalidDataException">The blob is not a failed message.</exception>
    public async Task<FailedMessage?> ReadFailedAsync(string name, CancellationToken cancellation = default) =>
        (await FailedBlob(name).ReadAsync(cancellation))?.Document;

    /// <summary>Reads a result by its blob name.</summary>
    /// <returns>Null if there is no such blob.</returns>
    /// <exception cref="InvalidDataException">The blob is not a result, or a newer program wrote it.</exception>
    public async Task<ResultDocument?> ReadAsync(string name, CancellationToken cancellation = default)
    {
        try
        {
            BlobDownloadResult blob = await _results.GetBlobClient(name).DownloadContentAsync(cancellation);
            return ResultDocument.Parse(blob.Content, $"{ContainerNames.Results}/{name}");
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Whether a result is there.</summary>
    /// <param name="name">Its blob name in the results container.</param>
    public async Task<bool> ExistsAsync(string name, CancellationToken cancellation = default) =>
        await _results.GetBlobClient(name).ExistsAsync(cancellation);

    /// <summary>What the metadata of a result tell, without reading it.</summary>
    /// <returns>Null when there is none.</returns>
    public async Task<ResultSummary?> SummaryAsync(string model, ImageVersion image, CancellationToken cancellation = default)
    {
        string name = image.Result(model);
        try
        {
            BlobProperties blob = await _results.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellation);
            return ResultSummary.FromMetadata(name, blob.Metadata);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Reads the newest result of an image. Of several versions, this is the one that was scored last.</summary>
    /// <returns>Null if there is no such blob.</returns>
    public async Task<ResultDocument?> LatestAsync(string model, string image, CancellationToken cancellation = default)
    {
        ResultSummary? newest = null;
        await foreach (BlobItem blob in OfImageAsync(model, image, cancellation))
            if (ResultSummary.FromMetadata(blob.Name, blob.Metadata) is { } summary && !(summary.Time <= newest?.Time))
                newest = summary;
        return newest is null ? null : await ReadAsync(newest.Blob, cancellation);
    }

    /// <summary>Writes the rows of all results of a model for an image, whatever its version.</summary>
    /// <param name="model">"name@version".</param>
    public async Task IndexAsync(string model, string image, CancellationToken cancellation = default)
    {
        await foreach (BlobItem blob in OfImageAsync(model, image, cancellation))
            if (await ReadAsync(blob.Name, cancellation) is { } result)
                await Index.PutAsync(result, cancellation);
    }

    // With a delimiter, so that "a.jpg/b.jpg" is not taken for a version of "a.jpg".
    private IAsyncEnumerable<BlobItem> OfImageAsync(string model, string image, CancellationToken cancellation) =>
        _results
            .GetBlobsByHierarchyAsync(
                new GetBlobsByHierarchyOptions
                {
                    Traits = BlobTraits.Metadata,
                    Delimiter = "/",
                    Prefix = BlobNames.ImageFolder(model, image),
                },
                cancellation
            )
            .Where(item => item.IsBlob)
            .Select(item => item.Blob);

    /// <summary>What results of a model say of many images: from the index, and from the blobs for what it lacks.</summary>
    /// <param name="model">"name@version".</param>
    /// <param name="images">Versions, and when each was stored where that is known.</param>
    /// <returns>Those that have a result.</returns>
    internal async Task<IReadOnlyDictionary<ImageVersion, ResultSummary>> SummariesAsync(
        string model,
        IReadOnlyCollection<(ImageVersion Image, DateTimeOffset? StoredAt)> images,
        CancellationToken cancellation
    )
    {
        ConcurrentDictionary<ImageVersion, ResultSummary> found = new();
        foreach (ResultRow row in await Index.FindAsync(model, images, cancellation))
            found[new ImageVersion(row.Image, row.ETag)] = ResultSummary.Of(row);
        await System.Threading.Tasks.Parallel.ForEachAsync(
            images.Select(i => i.Image).Where(i => !found.ContainsKey(i)),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (image, token) =>
            {
                if (await SummaryAsync(model, image, token) is { } summary)
                    found[image] = summary;
            }
        );
        return found;
    }

    private async Task<bool> HoldsAsync(string name, byte[] json, CancellationToken cancellation)
    {
        try
        {
            BlobDownloadResult there = await _results.GetBlobClient(name).DownloadContentAsync(cancellation);
            return there.Content.ToMemory().Span.SequenceEqual(json);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return false;
        }
    }

    private static string NameOf(ResultDocument result) => result.Image.Version.Result(result.Model.Id);

    private VersionedBlob<FailedMessage> FailedBlob(string name) =>
        new(
            _results.GetBlobClient(name),
            ResultJson.Default.FailedMessage,
            "a record of a message",
            TimeProvider.System,
            record => record.Metadata
        );

    private static byte[] Json(ResultDocument result) => JsonSerializer.SerializeToUtf8Bytes(result, ResultJson.Default.ResultDocument);

    private static async Task PutAsync(
        BlobContainerClient container,
        string name,
        byte[] content,
        string type,
        Dictionary<string, string>? metadata,
        BlobRequestConditions? conditions,
        CancellationToken cancellation
    )
    {
        BlobUploadOptions options = new()
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = type },
            Metadata = metadata,
            Conditions = conditions,
        };
        await container.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(content), options, cancellation);
    }
}
