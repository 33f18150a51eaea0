using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Operations;

/// <summary>The differences between result blobs, which are the truth, and the rows of the index.</summary>
/// <param name="Unindexed">Blob names of results without a row, or with a row that differs from them.</param>
/// <param name="Stale">Rows without a result, and second rows of a result.</param>
public sealed record IndexComparison(IReadOnlyList<string> Unindexed, IReadOnlyList<ResultRow> Stale)
{
    /// <summary>Compares listings.</summary>
    /// <param name="results">Summaries of the blobs, by blob name. List them first: a row is written after its blob.</param>
    /// <param name="camera">Only rows of this camera; null for all.</param>
    /// <param name="model">Only rows of this model; null for all.</param>
    public static async Task<IndexComparison> OfAsync(
        StorageClients storage,
        IReadOnlyDictionary<string, ResultSummary> results,
        string? camera,
        string? model,
        CancellationToken cancellation
    )
    {
        ResultIndex index = new(storage);
        DateOnly dropped = (await new IndexRetention(storage).StateAsync(cancellation)).DroppedBefore ?? DateOnly.MinValue;
        Dictionary<string, ResultRow> first = new(StringComparer.Ordinal);
        HashSet<string> same = new(StringComparer.Ordinal);
        List<ResultRow> stale = [];
        foreach (DateOnly month in await index.MonthsAsync(cancellation))
        await foreach (
            ResultRow row in camera is null
                ? index.ScanAsync(month, cancellation)
                : index.QueryAsync(ResultQuery.OfMonth(month) with { Camera = camera }, cancellation)
        )
        {
            if (model is not null && row.Model != model)
                continue;
            if (!results.TryGetValue(row.Blob, out ResultSummary? result))
                stale.Add(row); // or its result was stored after the listing, which is checked below
            else if (first.TryGetValue(row.Blob, out ResultRow? other))
                stale.Add(row.Cursor == result.Cursor ? other : row);
            if (result is null)
                continue;
            if (IsSame(result, row))
                same.Add(row.Blob);
            first.TryAdd(row.Blob, row);
        }

        ResultStore store = new(storage);
        List<ResultRow> gone = [];
        foreach (ResultRow row in stale)
            if (first.ContainsKey(row.Blob) || !await store.ExistsAsync(row.Blob, cancellation))
                gone.Add(row);
        return new IndexComparison(
            [
                .. results
                    .Values.Where(r => !same.Contains(r.Blob) && DateOnly.FromDateTime((r.ImageTime ?? r.Time).UtcDateTime) >= dropped)
                    .Select(r => r.Blob)
                    .Order(StringComparer.Ordinal),
            ],
            gone
        );
    }

    // The times may differ: if two workers score an image at the same moment, one can write the blob last and the other the row.
    private static bool IsSame(ResultSummary result, ResultRow row) =>
        (result.Verdict, result.Score, result.Job, result.Failure) == (row.Verdict, row.Score, row.Job, row.Failure)
        && (result.Cursor is null || result.Cursor == row.Cursor);
}
