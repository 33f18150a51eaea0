using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Scoring;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// Scores an image that a job or a shadow asks for, behind new images. Images of a job that does not run are dropped; when it is resumed,
/// they are sent again. A job whose model cannot be loaded fails as a whole, not image by image; transient errors are thrown, and the
/// queue retries.
/// </summary>
public sealed class BulkScoring(ImageScoring scoring, RunningJobs running, ModelHost models, JobService jobs)
{
    /// <summary>Scores one image. Its result goes to storage alone: no alert, and no message.</summary>
    public async Task ScoreAsync(ScoreRequested request, CancellationToken cancellation)
    {
        if (!await running.IsActiveAsync(request.Job, cancellation))
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

        await scoring.RunAsync(request, "ScoreBulk", urgent: false, cancellation);
    }
}
