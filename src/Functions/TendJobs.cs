using AaClip.Pipeline.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace AaClip.Functions;

/// <summary>Sends lost step messages of running jobs again, every minute.</summary>
public sealed partial class TendJobs(JobService jobs, ILogger<TendJobs> logger)
{
    /// <summary>Checks all jobs once.</summary>
    [Function(nameof(TendJobs))]
    public async Task Run([TimerTrigger("0 * * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellation)
    {
        foreach (Job job in await jobs.TendAsync(cancellation))
            Log.Helped(logger, job.Id, job.Step);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The message for step {Step} of job {Job} was lost and is sent again.")]
        public static partial void Helped(ILogger logger, string job, int step);
    }
}
