using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>A rescoring job goes on: takes one step of it, and asks for the next. The step is <see cref="JobRunner"/>.</summary>
public sealed class AdvanceJob(JobRunner runner)
{
    /// <summary>Takes one step.</summary>
    [Function("RescorePages")] // as infra/bicep and the log say
    public Task Run(
        [QueueTrigger(QueueNames.Rescore, Connection = StorageConnection.Setting)] RescoreStep step,
        CancellationToken cancellation
    ) => runner.RunAsync(step, cancellation);
}
