using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Operations;

/// <summary>
/// Reports each new result once, by repeated queries of the index. Each look covers the images stored in the last hour, every thirtieth
/// look those of the last two days; results of older images, as jobs make them, are not reported. A result that is written again after a
/// redelivery is not reported again.
/// </summary>
/// <param name="camera">Only results of this camera; null for all.</param>
public sealed class ResultFollower(StorageClients storage, string? camera, TimeProvider? time = null)
{
    private const int FarEvery = 30; // looks
    private static readonly TimeSpan Near = TimeSpan.FromHours(1);
    private static readonly TimeSpan Far = TimeSpan.FromDays(2);
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(10); // clocks of the workers and of storage differ by less

    private readonly ResultIndex _index = new(storage);
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Dictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);
    private DateTimeOffset? _newest;
    private int _looks;

    /// <summary>Queries the index once.</summary>
    /// <returns>Results not reported before, oldest first.</returns>
    public async Task<IReadOnlyList<ResultRow>> LookAsync(CancellationToken cancellation)
    {
        List<ResultRow> fresh = [];
        bool far = _looks++ % FarEvery == 0;
        ResultQuery recent = new()
        {
            Camera = camera,
            From = _time.GetUtcNow() - (far ? Far : Near),
            ScoredFrom = _newest - Overlap,
        };
        await foreach (ResultRow result in _index.QueryAsync(recent, cancellation))
            if (_seen.TryAdd(result.Blob, result.Time))
            {
                fresh.Add(result);
                _newest = !(result.Time <= _newest) ? result.Time : _newest;
            }

        foreach ((string blob, DateTimeOffset made) in _seen)
            if (made < _newest - Overlap - Overlap)
                _seen.Remove(blob);
        return [.. fresh.OrderBy(r => r.Time)];
    }
}
