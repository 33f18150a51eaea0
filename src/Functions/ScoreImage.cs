using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>
/// A new image waits: scores it, stores the result, tells the alert rules. The steps are those of <see cref="ImageScoring"/>.
/// </summary>
public sealed class ScoreImage(ImageScoring scoring, QueueSender sender)
{
    /// <summary>Scores one image; concurrent runs share runs of the model.</summary>
    [Function(nameof(ScoreImage))]
    public Task Run(
        [QueueTrigger(QueueNames.Score, Connection = StorageConnection.Setting)] ScoreRequested request,
        CancellationToken cancellation
    ) => ScoreAsync(request, cancellation);

    internal async Task<ScoredImage?> ScoreAsync(ScoreRequested request, CancellationToken cancellation)
    {
        ScoredImage? image = await scoring.RunAsync(request, nameof(ScoreImage), urgent: true, cancellation);
        if (image?.Scored is { } scored)
            await sender.SendAsync(QueueNames.Scored, scored, MessageJson.Default.Scored, cancellation: cancellation);
        if (image?.Shadow is { } shadow) // a second model that scores on trial
            await sender.SendAsync(QueueNames.ScoreBulk, shadow, MessageJson.Default.ScoreRequested, cancellation: cancellation);
        return image;
    }
}
