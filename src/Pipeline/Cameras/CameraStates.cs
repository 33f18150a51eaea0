using System.Collections.Concurrent;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Cameras;

/// <summary>Tells how cameras do: their last images, silence and drift. Keep one: it remembers what scores were like at first.</summary>
public sealed class CameraStates(StorageClients storage, TimeProvider? time = null)
{
    /// <summary>Cameras without an image for longer are left out.</summary>
    public static readonly TimeSpan Known = TimeSpan.FromDays(30);

    private const int Images = 50; // whose gaps count
    private const int ReferenceDays = 7;
    private const int Parallel = 8; // cameras at a time
    private const int MaxReferences = 1000; // then the memory begins anew

    private static readonly TimeSpan[] Windows = [TimeSpan.FromDays(1), TimeSpan.FromDays(7)];

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ResultIndex _index = new(storage);
    private readonly ScoreCounts _counts = new(storage, time);
    private readonly ConcurrentDictionary<(string Camera, string Model), ScoreBins> _references = new();

    /// <summary>All cameras of the last 30 days, in the order of their names.</summary>
    /// <param name="model">"name@version" of the model whose scores count: the live one; null where there is none.</param>
    public async Task<IReadOnlyList<CameraState>> ReadAsync(string? model, CancellationToken cancellation = default)
    {
        DateTimeOffset now = _time.GetUtcNow();
        ConcurrentBag<CameraState> states = [];
        await System.Threading.Tasks.Parallel.ForEachAsync(
            await _index.CamerasAsync(now - Known, cancellation),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (camera, token) =>
            {
                if (await ReadAsync(camera, model, now, token) is { } state)
                    states.Add(state);
            }
        );
        return [.. states.OrderBy(s => s.Camera, StringComparer.Ordinal)];
    }

    /// <summary>How a camera does.</summary>
    /// <param name="model">As above.</param>
    /// <returns>Null if it has had no image in the last 30 days.</returns>
    internal async Task<CameraState?> ReadAsync(string camera, string? model, DateTimeOffset now, CancellationToken cancellation)
    {
        List<ResultRow> images = []; // a row of each
        ResultQuery newest = new()
        {
            Camera = camera,
            From = now - Known,
            PageSize = 2 * Images,
        };
        await foreach (ResultRow row in _index.QueryAsync(newest, cancellation))
        {
            // The results of all models for one image lie side by side.
            if (images.Count == 0 || images[^1].ImageKey != row.ImageKey)
            {
                if (images.Count == Images)
                    break;
                images.Add(row);
            }
            else if (row.Model == model)
                images[^1] = row;
        }

        return images.Count == 0
            ? null // its rows were removed
            : new CameraState(
                camera,
                Silence.Of([.. images.Select(i => i.ImageTime)], now),
                images[0],
                model is null ? null : await PsiAsync(camera, model, now, cancellation)
            );
    }

    private async Task<double?> PsiAsync(string camera, string model, DateTimeOffset now, CancellationToken cancellation)
    {
        DateTimeOffset end = IndexKeys.HourOf(now).AddHours(1);
        foreach (TimeSpan window in Windows)
        {
            ScoreBins recent = Sum((await _counts.DaysAsync(camera, model, end - window, end, cancellation)).Values);
            if (recent.Total >= Drift.MinScores)
                return Drift.Index(await ReferenceAsync(camera, model, end - window, cancellation), recent);
        }

        return null;
    }

    // The first days are those of which the operator judged what is normal. Those of before the window stay the same, once they are all
    // there.
    private async Task<ScoreBins> ReferenceAsync(string camera, string model, DateTimeOffset before, CancellationToken cancellation)
    {
        if (_references.TryGetValue((camera, model), out ScoreBins? known))
            return known;
        IReadOnlyList<HourCount> days = await _counts.FirstDaysAsync(camera, model, ReferenceDays + 1, before, cancellation);
        ScoreBins reference = Sum(days.Take(ReferenceDays));
        if (days.Count > ReferenceDays)
        {
            if (_references.Count > MaxReferences)
                _references.Clear();
            _references[(camera, model)] = reference;
        }

        return reference;
    }

    private static ScoreBins Sum(IEnumerable<HourCount> counts)
    {
        ScoreBins sum = new();
        foreach (HourCount count in counts)
            sum.Add(count.Bins);
        return sum;
    }
}
