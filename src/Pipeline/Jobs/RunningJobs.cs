using System.Collections.Concurrent;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>Caches for two seconds whether a job is active, because this is asked for each of its images.</summary>
public sealed class RunningJobs(JobStore jobs, TimeProvider time)
{
    private const int MaxCachedJobs = 1000; // jobs in the cache; above this it is cleared
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, (bool Runs, long LookedAt)> _known = new(StringComparer.Ordinal);

    /// <summary>False for a paused, cancelled or failed job. True for every other job, also for an unknown one and for null.</summary>
    public async ValueTask<bool> IsActiveAsync(string? job, CancellationToken cancellation = default)
    {
        if (job is null)
            return true;
        if (_known.TryGetValue(job, out (bool Runs, long LookedAt) known) && time.GetElapsedTime(known.LookedAt) < Fresh)
            return known.Runs;
        bool runs =
            await jobs.ReadAsync(job, cancellation) is not { Document.Status: JobStatus.Paused or JobStatus.Cancelled or JobStatus.Failed };
        if (_known.Count > MaxCachedJobs)
            _known.Clear();
        _known[job] = (runs, time.GetTimestamp());
        return runs;
    }
}
