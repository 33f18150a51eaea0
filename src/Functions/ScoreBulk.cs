using AaClip.Pipeline.Inference;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Messages;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>A job, or a shadow, wants an image scored: as <see cref="ScoreImage"/>, from a queue of its own and behind new images. Images of a job that does not run are dropped; when it is resumed, they are sent again.</summary>
public sealed class ScoreBulk(ImageScoring scoring, RunningJobs running)
{
    /// <summary>Scores one image.</summary>
    [Function(nameof(ScoreBulk))]
    public async Task Run([QueueTrigger(QueueNames.ScoreBulk, Connection = StorageConnection.Setting)] ScoreRequested request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (await running.IncludeAsync(request.Job, cancellation).ConfigureAwait(false))
            await scoring.RunAsync(request, nameof(ScoreBulk), urgent: false, cancellation).ConfigureAwait(false);
    }
}
