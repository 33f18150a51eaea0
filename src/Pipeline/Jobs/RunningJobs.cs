using System.Collections.Concurrent;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>Whether a job runs, asked for each of its images: looked up every two seconds only.</summary>
public sealed class RunningJobs(JobStore jobs, TimeProvider time)
{
    private const int MaxCachedJobs = 1000; // known jobs; then it begins anew
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, (bool Runs, long LookedAt)> _known = new(StringComparer.Ordinal);

    /// <summary>True for a job that runs, for a job that storage does not know, and for null.</summary>
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
