using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>
/// Scores a new image, stores the result, and sends a message to the alert step. The logic is in <see cref="ImageScoring"/>.
/// </summary>
public sealed class ScoreImage(ImageScoring scoring)
{
    /// <summary>Scores one image; concurrent calls can share a batch of the model.</summary>
    [Function(nameof(ScoreImage))]
    public Task Run(
        [QueueTrigger(QueueNames.Score, Connection = StorageConnection.Setting)] ScoreRequested request,
        CancellationToken cancellation
    ) => scoring.ScoreAsync(request, cancellation);
}
