using AaClip.Pipeline.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace AaClip.Functions;

/// <summary>Every minute: a running job that has lost its step gets it again.</summary>
public sealed partial class TendJobs(JobService jobs, ILogger<TendJobs> logger)
{
    /// <summary>Looks once.</summary>
    [Function(nameof(TendJobs))]
    public async Task Run([TimerTrigger("0 * * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellation)
    {
        foreach (Job job in await jobs.TendAsync(cancellation))
            Log.Helped(logger, job.Id, job.Step);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Job {Job} had lost its step {Step}, which is sent again.")]
        public static partial void Helped(ILogger logger, string job, int step);
    }
}
