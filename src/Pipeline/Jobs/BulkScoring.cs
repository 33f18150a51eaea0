using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Scoring;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// Scores an image for a job or the shadow model, audits it, or makes its feature, after new images. Requests of a paused, cancelled or
/// failed job are dropped; they are sent again when the job is resumed. If a job's model cannot be loaded, the whole job fails, not each
/// image; transient errors are thrown, and the queue retries.
/// </summary>
public sealed class BulkScoring(
    ImageScoring scoring,
    ImageAudit audit,
    StoredFrames frames,
    RunningJobs running,
    ModelHost models,
    EventModelHost events,
    JobService jobs
)
{
    /// <summary>Scores, audits or looks at one image. What it finds is stored, but no message is sent and no alert is raised.</summary>
    public async Task ScoreAsync(ScoreRequested request, CancellationToken cancellation)
    {
        if (!await running.IsActiveAsync(request.Job, cancellation))
            return;
        try
        {
            if (request is { Frame: true, Model: { } model })
                await events.DescribeAsync(model, cancellation);
            else
                using (await models.GetAsync(request.Model, cancellation)) { }
        }
        catch (Exception e)
            when (e is InvalidDataException or DirectoryNotFoundException or FileNotFoundException
                && request is { Model: not null, Job: not (null or ShadowShare.Job) }
            )
        {
            await jobs.FailAsync(request.Job, $"Model {request.Model} cannot be loaded: {e.Message}", cancellation);
            return;
        }

        if (request.Frame)
            await frames.RunAsync(request, cancellation);
        else if (request.Audit)
            await audit.RunAsync(request, cancellation);
        else
            await scoring.RunAsync(request, "ScoreBulk", urgent: false, cancellation);
    }
}
