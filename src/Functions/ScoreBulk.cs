using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>
/// A job, or a shadow, wants an image scored: as <see cref="ScoreImage"/>, from a queue of its own and behind new images. Images of a job
/// that does not run are dropped; when it is resumed, they are sent again. A job whose model cannot be loaded fails as a whole, not image
/// by image; trouble that may pass is thrown and tried again.
/// </summary>
public sealed class ScoreBulk(ImageScoring scoring, RunningJobs running, ModelHost models, JobService jobs)
{
    /// <summary>Scores one image.</summary>
    [Function(nameof(ScoreBulk))]
    public async Task Run(
        [QueueTrigger(QueueNames.ScoreBulk, Connection = StorageConnection.Setting)] ScoreRequested request,
        CancellationToken cancellation
    )
    {
        if (!await running.IncludeAsync(request.Job, cancellation))
            return;
        try
        {
            using ModelLease lease = await models.GetAsync(request.Model, cancellation);
        }
        catch (Exception e)
            when (e is InvalidDataException or DirectoryNotFoundException or FileNotFoundException
                && request is { Model: not null, Job: not (null or ShadowShare.Job) }
            )
        {
            await jobs.FailAsync(request.Job, $"Model {request.Model} cannot be loaded: {e.Message}", cancellation);
            return;
        }

        await scoring.RunAsync(request, nameof(ScoreBulk), urgent: false, cancellation);
    }
}
