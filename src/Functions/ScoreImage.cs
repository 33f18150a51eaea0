using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>A new image waits: scores it, stores the result, tells the alert rules. The step is <see cref="ImageScoring"/>.</summary>
public sealed class ScoreImage(ImageScoring scoring)
{
    /// <summary>Scores one image; concurrent runs share runs of the model.</summary>
    [Function(nameof(ScoreImage))]
    public Task Run(
        [QueueTrigger(QueueNames.Score, Connection = StorageConnection.Setting)] ScoreRequested request,
        CancellationToken cancellation
    ) => scoring.ScoreAsync(request, cancellation);
}
