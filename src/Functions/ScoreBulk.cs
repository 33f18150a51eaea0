using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Scores images for jobs and for the shadow model, from a separate queue. The logic is in <see cref="BulkScoring"/>.</summary>
public sealed class ScoreBulk(BulkScoring scoring)
{
    /// <summary>Scores one image.</summary>
    [Function(nameof(ScoreBulk))]
    public Task Run(
        [QueueTrigger(QueueNames.ScoreBulk, Connection = StorageConnection.Setting)] ScoreRequested request,
        CancellationToken cancellation
    ) => scoring.ScoreAsync(request, cancellation);
}
