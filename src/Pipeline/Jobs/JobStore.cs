using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Jobs;

/// <summary>Stores jobs in the jobs container: {id}/state.json, {id}/pages, {id}/flips, {id}/report.json and .html.</summary>
public sealed class JobStore(StorageClients storage, TimeProvider time)
{
    private const string State = "state.json";

    private readonly BlobContainerClient _jobs = storage.Container(ContainerNames.Jobs);

    /// <summary>Reads a job.</summary>
    /// <returns>Null if there is no such job.</returns>
    /// <exception cref="InvalidDataException">The job cannot be read, or a newer program wrote it.</exception>
    public async Task<Versioned<Job>?> ReadAsync(string id, CancellationToken cancellation = default) =>
        await Blob(id).ReadAsync(cancellation);

    /// <summary>Lists all jobs, in the order of their ids.</summary>
    public async IAsyncEnumerable<Job> ListAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (
            BlobHierarchyItem item in _jobs.GetBlobsByHierarchyAsync(new GetBlobsByHierarchyOptions { Delimiter = "/" }, cancellation)
        )
            if (item.IsPrefix && await ReadAsync(item.Prefix.TrimEnd('/'), cancellation) is { } found)
                yield return found.Document;
    }

    /// <summary>Writes a job's state unless it has changed since it was read.</summary>
    /// <param name="seen">ETag that was read; null if the job must not exist yet.</param>
    /// <returns>False if the state has changed.</returns>
    public Task<bool> TryWriteAsync(Job job, ETag? seen, CancellationToken cancellation = default) =>
        Blob(job.Id).TryWriteAsync(job, seen, cancellation);

    /// <summary>
    /// Changes a job's state. If another worker changed it meanwhile, reads it again and calls <paramref name="change"/> again.
    /// </summary>
    /// <param name="change">Gets the current job; if it returns the same instance, nothing is written.</param>
    /// <returns>Null if there is no such job.</returns>
    public Task<Job?> ChangeAsync(string id, Func<Job, Job> change, CancellationToken cancellation = default) =>
        Blob(id).ChangeAsync(job => job is null ? null : change(job), cancellation);

    /// <summary>Reads a page.</summary>
    /// <returns>Null if it is not listed yet.</returns>
    public Task<JobPage?> PageAsync(string id, int number, CancellationToken cancellation = default) =>
        GetAsync(Page(id, "pages", number), JobJson.Default.JobPage, cancellation);

    /// <summary>Writes a page, unless it exists; an existing page is not replaced.</summary>
    /// <returns>The page that is stored.</returns>
    public async Task<JobPage> AddPageAsync(string id, int number, JobPage page, CancellationToken cancellation = default) =>
        await TryPutAsync(
            Page(id, "pages", number),
            JsonSerializer.SerializeToUtf8Bytes(page, JobJson.Default.JobPage),
            "application/json",
            new BlobRequestConditions { IfNoneMatch = ETag.All },
            cancellation
        )
            ? page
            : await PageAsync(id, number, cancellation) ?? page;

    /// <summary>Writes the images of a page whose verdict changed.</summary>
    public Task WriteFlipsAsync(string id, int number, IReadOnlyList<Compared> flips, CancellationToken cancellation = default) =>
        TryPutAsync(
            Page(id, "flips", number),
            JsonSerializer.SerializeToUtf8Bytes(flips, JobJson.Default.IReadOnlyListCompared),
            "application/json",
            null,
            cancellation
        );

    /// <summary>Reads the images whose verdict changed, of all pages in order.</summary>
    public async IAsyncEnumerable<Compared> FlipsAsync(string id, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (BlobItem blob in _jobs.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{id}/flips/" }, cancellation))
        foreach (Compared flip in await GetAsync(blob.Name, JobJson.Default.IReadOnlyListCompared, cancellation) ?? [])
            yield return flip;
    }

    /// <summary>Writes a file of the report.</summary>
    public Task WriteReportAsync(string id, string file, byte[] content, string type, CancellationToken cancellation = default) =>
        TryPutAsync($"{id}/{file}", content, type, null, cancellation);

    /// <summary>Reads a file of the report.</summary>
    /// <returns>Null if the file does not exist.</returns>
    public async Task<byte[]?> ReportAsync(string id, string file, CancellationToken cancellation = default)
    {
        try
        {
            return (await _jobs.GetBlobClient($"{id}/{file}").DownloadContentAsync(cancellation)).Value.Content.ToArray();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private VersionedBlob<Job> Blob(string id) => new(_jobs.GetBlobClient($"{id}/{State}"), JobJson.Default.Job, "a job", time);

    private static string Page(string id, string folder, int number) => FormattableString.Invariant($"{id}/{folder}/{number:D6}.json");

    private async Task<T?> GetAsync<T>(string name, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        try
        {
            return Parse((await _jobs.GetBlobClient(name).DownloadContentAsync(cancellation)).Value.Content, name, type);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private static T Parse<T>(BinaryData content, string name, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(content.ToMemory().Span, type) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{ContainerNames.Jobs}/{name} cannot be read: {e.Message}", e);
        }
    }

    private async Task<bool> TryPutAsync(
        string name,
        byte[] content,
        string type,
        BlobRequestConditions? conditions,
        CancellationToken cancellation
    )
    {
        try
        {
            BlobUploadOptions options = new()
            {
                HttpHeaders = new BlobHttpHeaders { ContentType = type },
                Conditions = conditions,
            };
            await _jobs.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(content), options, cancellation);
            return true;
        }
        catch (RequestFailedException e) when (conditions is not null && e.Status is 409 or 412)
        {
            return false;
        }
    }
}
