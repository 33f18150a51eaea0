using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using AaClip.Scoring.Packages;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Failures;

/// <summary>
/// Records the messages of poison queues. Each message, even an unreadable one, is stored under "failed/" in the results container; 'aaclip
/// redrive' sends it to its queue again. If the message names an image version without a result, a failed result is stored as well; an
/// existing result is never replaced. If the image was to be audited, the audit counts it as failed.
/// </summary>
public sealed partial class FailureRecorder(
    StorageClients storage,
    ResultStore results,
    CameraProfiles cameras,
    ModelHost models,
    JobService jobs,
    AuditStore audits,
    StoredFrames storedFrames,
    TimeProvider time,
    ILogger<FailureRecorder> logger
)
{
    /// <summary>Records one message. A message of a job also fails the job; the job can be resumed.</summary>
    /// <param name="queue">The queue that dead-lettered the message, without "-poison".</param>
    /// <param name="message">Text of the message; any text is accepted.</param>
    public async Task RecordAsync(string queue, string message, CancellationToken cancellation)
    {
        await KeepAsync(queue, message, cancellation);
        if (queue == QueueNames.Rescore)
            await FailJobAsync(message, cancellation);
    }

    private async Task KeepAsync(string queue, string message, CancellationToken cancellation)
    {
        (ScoreRequested? request, string? image, string reason) = Understand(queue, message);
        using Activity? span = Tracing.Start("RecordFailure", request?.Traceparent);
        Metrics.Failure(FailureCodes.GivenUp);

        string blob = await results.WriteFailedAsync(
            new FailedMessage
            {
                Queue = queue,
                Reason = reason,
                Image = image,
                RecordedAt = time.GetUtcNow(),
                Body = message,
            },
            cancellation
        );
        Log.Kept(logger, image ?? "a message", queue, reason, blob);
        if (request is { Frame: true, Job: { } frames })
        {
            await storedFrames.FailAsync(frames, new(request.Image, request.ETag), reason, cancellation);
            return;
        }

        if (request is { Audit: true, Job: { } job, Model: { } audited })
        {
            // The image keeps its result; without this, its job would not end
            AuditedImage failed = new(request.Image, request.ETag, AuditedImage.Failed, null, reason);
            await audits.AddAsync(job, audited, failed, cancellation);
            return;
        }

        if (request is not null && await ModelOfAsync(request, cancellation) is { } model)
        {
            ResultDocument result = await FailedAsync(request, model, reason, cancellation);
            try
            {
                if (!await results.TryAddAsync(result, cancellation))
                    await KeepResultAsync(result.Image.Version.Result(model.Id), request.Image, cancellation);
            }
            catch (RequestFailedException e) when (e.Status == 400) // storage rejects the name
            {
                Log.NoResult(logger, request.Image, Fault.Text(e));
            }
        }
    }

    // The worker may have died between the result and its row in the index.
    private async Task KeepResultAsync(string blob, string image, CancellationToken cancellation)
    {
        Log.HasResult(logger, image);
        if (await results.ReadAsync(blob, cancellation) is { } result)
            await results.Index.PutAsync(result, cancellation);
    }

    private async Task FailJobAsync(string message, CancellationToken cancellation)
    {
        try
        {
            RescoreStep step = Read(message, MessageJson.Default.RescoreStep);
            await jobs.FailAsync(step.Job, $"Every attempt to run step {step.Step} failed: see the log of RescorePages.", cancellation);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // Not a valid message, or its job was deleted. The record of the message is already stored.
        }
    }

    /// <returns>
    /// A request if the message identifies one image and version; the image's name if it is known; the reason as readable text.
    /// </returns>
    private static (ScoreRequested? Request, string? Image, string Reason) Understand(string queue, string message)
    {
        try
        {
            if (queue == QueueNames.Scored)
            {
                Scored scored = Read(message, MessageJson.Default.Scored);
                return (
                    null,
                    scored.Image,
                    "The image has its score, but every attempt to decide on an alert failed: see the log of RaiseAlert, then send "
                        + "the message again with 'aaclip redrive'."
                );
            }

            if (queue == QueueNames.Events)
            {
                FrameSeen seen = Read(message, MessageJson.Default.FrameSeen);
                return (
                    null,
                    seen.Image,
                    "The image has its score, but every attempt to put it into its camera's time line failed: see the log of WatchEvents, "
                        + "then send the message again with 'aaclip redrive', or run a job of mode timeline."
                );
            }

            if (queue == QueueNames.Uploads)
            {
                BlobCreated upload = Read(message, MessageJson.Default.BlobCreated);
                const string Reason =
                    "Every attempt to route this upload failed: see the log of RouteUpload, then send the message again with "
                    + "'aaclip redrive', or upload the image again.";
                if (upload.ETag.Length == 0 || upload.EventType != BlobCreated.Type)
                    return (null, upload.Name, Reason);
                return (
                    new ScoreRequested
                    {
                        Image = upload.Name,
                        ETag = upload.ETag,
                        Camera = ImageName.Of(upload.Name).Camera,
                        ObjectClass = "",
                        EnqueuedAt = upload.Time,
                        Traceparent = upload.Traceparent,
                    },
                    upload.Name,
                    Reason
                );
            }

            if (queue == QueueNames.Rescore)
                return (
                    null,
                    null,
                    $"Every attempt to run a step of job {Read(message, MessageJson.Default.RescoreStep).Job} failed: see the log "
                        + $"of RescorePages, then resume the job."
                );

            ScoreRequested request = Read(message, MessageJson.Default.ScoreRequested);
            bool named = request.Image.Length > 0 && request.ETag is not ("" or "*") && request.Camera.Length > 0;
            return (
                named ? request : null,
                request.Image,
                "Every attempt to score this image failed: see the log of ScoreImage, then send the message again with 'aaclip "
                    + "redrive', upload the image again or rescore it."
            );
        }
        catch (JsonException e)
        {
            return (null, null, $"The message cannot be read: {e.Message}");
        }
    }

    private static T Read<T>(string message, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(message, type) ?? throw new JsonException("It is null.");

    // The model may be the cause of the failure. Without its name and version, no result can be stored.
    private async Task<ModelPart?> ModelOfAsync(ScoreRequested request, CancellationToken cancellation)
    {
        string? id = request.Model;
        try
        {
            id ??= await models.LiveIdAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return null;
        }

        return ModelId.TrySplit(id, out ModelId model) ? new ModelPart(model.Name, model.Version, null, null, null) : null;
    }

    private async Task<ResultDocument> FailedAsync(ScoreRequested request, ModelPart model, string reason, CancellationToken cancellation)
    {
        CameraProfile profile = (await cameras.GetAsync(cancellation)).Find(request.Camera) ?? CameraProfile.Default;
        BlobProperties? stored = await StoredAsync(request, cancellation);
        return new ResultDocument
        {
            Image = new ImagePart
            {
                Name = request.Image,
                ETag = request.ETag.Trim('"'),
                Camera = request.Camera,
                ObjectClass = request.ObjectClass.Length > 0 ? request.ObjectClass : profile.Class,
                StoredAt = stored?.LastModified, // the index files the result under it: a later score of the version replaces its row
                Part = ImageParts.OfMetadata(request.Image, stored?.Metadata, logger) ?? ImageParts.OfName(request.Image, profile, logger),
            },
            Model = model,
            Score = new ScorePart(Verdict.Failed),
            Timings = new TimingsPart(),
            Failure = new FailurePart(FailureCodes.GivenUp, reason),
            EnqueuedAt = request.EnqueuedAt,
            ScoredAt = time.GetUtcNow(),
            Traceparent = request.Traceparent,
            Job = request.Job,
        };
    }

    /// <returns>The requested version; null if it is not there any more.</returns>
    private async Task<BlobProperties?> StoredAsync(ScoreRequested request, CancellationToken cancellation)
    {
        try
        {
            BlobProperties image = await storage
                .Container(ContainerNames.Images)
                .GetBlobClient(request.Image)
                .GetPropertiesAsync(cancellationToken: cancellation);
            return image.ETag.ToString().Trim('"') == request.ETag.Trim('"') ? image : null;
        }
        catch (RequestFailedException e) when (e.Status is 400 or 404) // the name is not one of storage, or the image is gone
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Image} already has a result, which is not replaced.")]
        public static partial void HasResult(ILogger logger, string image);

        [LoggerMessage(3, LogLevel.Warning, "Storage rejects the name of the result of {Image}: {Reason}")]
        public static partial void NoResult(ILogger logger, string image, string reason);

        [LoggerMessage(2, LogLevel.Error, "Gave up on {Image} in queue {Queue}: {Reason} The message is stored in results/{Blob}.")]
        public static partial void Kept(ILogger logger, string image, string queue, string reason, string blob);
    }
}
