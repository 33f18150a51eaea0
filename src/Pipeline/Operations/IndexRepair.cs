using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Operations;

/// <summary>
/// Makes the results index agree with the result blobs: writes rows that are missing or differ, removes those that have no result. What is
/// in order is left alone, so that a run that was ended goes on with the next one.
/// </summary>
public sealed class IndexRepair(StorageClients storage)
{
    private const int Parallel = 16;

    /// <summary>Repairs once.</summary>
    /// <param name="progress">Gets the number of rows done and of all to do.</param>
    /// <returns>Rows written and rows removed.</returns>
    /// <exception cref="InvalidDataException">A result cannot be read; its name is in the message. All others are done.</exception>
    public async Task<(int Written, int Removed)> RunAsync(Action<int, int>? progress, CancellationToken cancellation)
    {
        ResultStore store = new(storage);
        Dictionary<string, ResultSummary> results = new(StringComparer.Ordinal);
        if (await storage.Container(ContainerNames.Results).ExistsAsync(cancellation))
            await foreach (
                BlobItem blob in storage
                    .Container(ContainerNames.Results)
                    .GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata }, cancellation)
            )
                if (ResultSummary.FromMetadata(blob.Name, blob.Metadata) is { } summary)
                    results.Add(blob.Name, summary);

        IndexComparison found = await IndexComparison.OfAsync(storage, results, null, null, cancellation);
        int all = found.Unindexed.Count + found.Stale.Count,
            done = 0;
        List<string> unread = [];

        // Stale rows first: one of them may be in the place of a row to write
        await EachAsync(found.Stale, (row, token) => store.Index.RemoveAsync(row, token));
        await EachAsync(
            found.Unindexed,
            async (name, token) =>
            {
                try
                {
                    if (await store.ReadAsync(name, token) is { } result)
                        await store.Index.PutAsync(result, token);
                }
                catch (InvalidDataException e)
                {
                    lock (unread)
                        unread.Add(e.Message);
                }
            }
        );
        return unread.Count == 0
            ? (found.Unindexed.Count, found.Stale.Count)
            : throw new InvalidDataException(
                $"{unread.Count} results have no row in the index, for they cannot be read: {string.Join(' ', unread.Order().Take(3))}"
            );

        Task EachAsync<T>(IReadOnlyList<T> items, Func<T, CancellationToken, Task> act) =>
            System.Threading.Tasks.Parallel.ForEachAsync(
                items,
                new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
                async (item, token) =>
                {
                    await act(item, token);
                    progress?.Invoke(Interlocked.Increment(ref done), all);
                }
            );
    }
}
