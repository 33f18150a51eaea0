using AaClip.Pipeline.Inference;
using AaClip.Pipeline.Messages;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>A new image waits: scores it, stores the result, tells the alert rules. The steps are those of <see cref="ImageScoring"/>.</summary>
public sealed class ScoreImage(ImageScoring scoring)
{
    /// <summary>Scores one image; concurrent runs share runs of the model.</summary>
    [Function(nameof(ScoreImage))]
    public async Task<ScoreImageOutput> Run([QueueTrigger(QueueNames.Score, Connection = StorageConnection.Setting)] ScoreRequested request, CancellationToken cancellation)
    {
        ScoredImage? image = await scoring.RunAsync(request, nameof(ScoreImage), urgent: true, cancellation).ConfigureAwait(false);
        return new ScoreImageOutput { Scored = image?.Scored, Shadow = image?.Shadow };
    }
}

/// <summary>What the host sends after a new image was scored; null sends nothing.</summary>
public sealed record ScoreImageOutput
{
    /// <summary>To the alert rules.</summary>
    [QueueOutput(QueueNames.Scored, Connection = StorageConnection.Setting)]
    public Scored? Scored { get; init; }

    /// <summary>To a second model that scores on trial.</summary>
    [QueueOutput(QueueNames.ScoreBulk, Connection = StorageConnection.Setting)]
    public ScoreRequested? Shadow { get; init; }
}
