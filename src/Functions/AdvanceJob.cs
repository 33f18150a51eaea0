using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Runs one step of a rescoring job, and sends the message for the next. The logic is in <see cref="JobRunner"/>.</summary>
public sealed class AdvanceJob(JobRunner runner)
{
    /// <summary>Runs one step.</summary>
    [Function("RescorePages")] // the name in infra/bicep and in logs
    public Task Run(
        [QueueTrigger(QueueNames.Rescore, Connection = StorageConnection.Setting)] RescoreStep step,
        CancellationToken cancellation
    ) => runner.RunAsync(step, cancellation);
}
