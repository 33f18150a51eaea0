using AaClip.Pipeline.Inference;
using AaClip.Pipeline.Messages;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>A job wants an image scored again: as <see cref="ScoreImage"/>, from a queue of its own and behind new images.</summary>
public sealed class ScoreBulk(ImageScoring scoring)
{
    /// <summary>Scores one image.</summary>
    [Function(nameof(ScoreBulk))]
    public Task Run([QueueTrigger(QueueNames.ScoreBulk, Connection = StorageConnection.Setting)] ScoreRequested request, CancellationToken cancellation) =>
        scoring.RunAsync(request, nameof(ScoreBulk), urgent: false, cancellation);
}
