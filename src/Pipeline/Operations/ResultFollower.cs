using AaClip.Pipeline.Results;
using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Operations;

/// <summary>
/// Reports each new result once, by repeated listing. A result that is written again after a redelivery is not reported again. Keeps the
/// names of the last ten minutes, so the clocks of workers and storage may differ by up to ten minutes.
/// </summary>
/// <param name="camera">Only results of this camera; null for all.</param>
public sealed class ResultFollower(StorageClients storage, string? camera)
{
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(10);

    private readonly ResultStore _results = new(storage);
    private readonly Dictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);
    private DateTimeOffset? _newest;

    /// <summary>Lists the results once.</summary>
    /// <returns>Results not reported before, oldest first.</returns>
    public async Task<IReadOnlyList<ResultSummary>> LookAsync(CancellationToken cancellation)
    {
        if (!await storage.Container(ContainerNames.Results).ExistsAsync(cancellation))
            return [];
        List<ResultSummary> fresh = [];
        DateTimeOffset? since = _newest - Overlap;
        await foreach (string model in _results.ModelsAsync(cancellation))
        await foreach (ResultSummary result in _results.ListAsync(model, camera, since, cancellation))
            if (_seen.TryAdd(result.Blob, result.Time))
            {
                fresh.Add(result);
                _newest = !(result.Time <= _newest) ? result.Time : _newest;
            }

        foreach ((string blob, DateTimeOffset time) in _seen)
            if (time < _newest - Overlap - Overlap)
                _seen.Remove(blob);
        return [.. fresh.OrderBy(l => l.Time)];
    }
}
