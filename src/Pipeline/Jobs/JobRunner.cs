using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// Takes a job's steps, one for each message: 1. collect the oldest page that was sent, once all its images are accounted for; 2. else send
/// the next page, as far as the bound on images in flight allows; 3. else list the next page; 4. else write the report; 5. else wait.
/// Each step ends with one conditional write of the job's state and one message for the next: a step that dies is taken again by the
/// message that is still in the queue, and of two that take the same step one gives way. Should a message be lost all the same, TendJobs
/// sends it again.
/// </summary>
public sealed partial class JobRunner(
    StorageClients storage,
    JobStore jobs,
    JobService service,
    CameraProfiles cameras,
    ResultStore results,
    ModelHost models,
    MapRejudger rejudge,
    TimeProvider time,
    ILogger<JobRunner> logger
)
{
    private const int Parallel = 16; // storage calls at a time
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(20); // between two, of a job that waits

    private readonly BlobContainerClient _images = storage.Container(ContainerNames.Images);
    private readonly QueueSender _sender = new(storage);

    /// <summary>Takes the step that the message asks for, if it is the job's next.</summary>
    public async Task RunAsync(RescoreStep message, CancellationToken cancellation)
    {
        if (await jobs.ReadAsync(message.Job, cancellation) is not { Document: var job })
        {
            Log.Unknown(logger, message.Job);
            return;
        }

        if (job.Status != JobStatus.Running || message.Step < job.Step - 1)
            return;
        if (message.Step == job.Step - 1)
        {
            // The step was taken, but who took it may have died before the next one was sent. Wait, and see whether the job moves: a second
            // delivery of a message looks alike, and must not start a second chain of messages.
            bool stands = time.GetUtcNow() - job.UpdatedAt > Doubt;
            await service.SendAsync(stands ? job : job with { Step = message.Step }, stands ? TimeSpan.Zero : Doubt / 2, cancellation);
            return;
        }

        Job next;
        try
        {
            next = await StepAsync(job, cancellation);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException)
        {
            Log.Failed(logger, job.Id, e.Message);
            await service.FailAsync(job.Id, e.Message, cancellation);
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        if (next == job)
        {
            if (now - (job.LookedAt ?? job.UpdatedAt) < SignOfLife || await TakeAsync(job, job with { LookedAt = now }, cancellation))
                await service.SendAsync(job, Pause, cancellation);
            return;
        }

        next = next with { Step = job.Step + 1, UpdatedAt = now, LookedAt = now };
        if (!await TakeAsync(job, next, cancellation))
            return; // paused, cancelled, or taken by another message, which goes on
        if (next.Status == JobStatus.Running)
            await service.SendAsync(next, next.StalledAtLastLook ? Pause : TimeSpan.Zero, cancellation);
        else
            Log.Done(logger, next.Id, next.Found.Images, next.Found.Flips);
    }

    /// <returns>Whether the job still stood at this step.</returns>
    private async Task<bool> TakeAsync(Job job, Job next, CancellationToken cancellation)
    {
        bool taken = false;
        await jobs.ChangeAsync(job.Id, now => (taken = now.Step == job.Step && now.Status == JobStatus.Running) ? next : now, cancellation);
        return taken;
    }

    /// <returns>The same job when it has to wait.</returns>
    private async Task<Job> StepAsync(Job job, CancellationToken cancellation)
    {
        // Who started the job need not know which model is live; from now on it is settled.
        if (job.Request.Against is null)
        {
            RescoreRequest settled = job.Request with { Against = await models.LiveIdAsync(cancellation) };
            JobService.CheckModels(settled);
            return job with { Request = settled };
        }

        // 1. Collect
        if (job.Collected < job.Sent)
        {
            JobPage page = await PageAsync(job, job.Collected, cancellation);
            if (await OutcomesAsync(job, page, cancellation) is { } outcomes)
            {
                Compared[] compared =
                [
                    .. page.Images.Select((image, i) => new Compared(image.Name, image.ETag, image.Before, outcomes[i])),
                ];
                Compared[] flips = [.. compared.Where(c => c.Flipped)];
                if (flips.Length > 0)
                    await jobs.WriteFlipsAsync(job.Id, job.Collected, flips, cancellation);
                return job with { Collected = job.Collected + 1, Found = job.Found.With(compared), StalledAtLastLook = false };
            }
        }

        // 2. Send
        if (
            job.Sent < job.Listed
            && (job.Sent == job.Collected || (job.Sent + 1 - job.Collected) * job.Request.PageSize <= job.Request.InFlight)
        )
        {
            if (job.Request.Mode == RescoreMode.Full)
                await SendAsync(job, await PageAsync(job, job.Sent, cancellation), cancellation);
            return job with { Sent = job.Sent + 1, StalledAtLastLook = false };
        }

        // 3. List
        if (!job.ListedAll)
        {
            JobPage page =
                await jobs.PageAsync(job.Id, job.Listed, cancellation)
                ?? await jobs.AddPageAsync(job.Id, job.Listed, await ListAsync(job, cancellation), cancellation);
            return job with
            {
                Listed = job.Listed + 1,
                Images = job.Images + page.Images.Count,
                ListedAll = page.Next is null,
                StalledAtLastLook = false,
            };
        }

        // 4. Report
        if (job.Collected == job.Listed)
        {
            Job done = job with { Status = JobStatus.Done, UpdatedAt = time.GetUtcNow() };
            await new JobReporter(storage, jobs).WriteAsync(done, cancellation);
            return done;
        }

        // 5. A message may be lost: somebody empties a queue. When nothing waits any more, and nothing has come a moment later, the rest is
        // sent again.
        if (await WaitingAsync(cancellation) > 0)
            return job.StalledAtLastLook ? job with { StalledAtLastLook = false } : job;
        if (job.StalledAtLastLook)
            Log.Again(logger, job.Id, job.Sent - job.Collected);
        return job.StalledAtLastLook ? job with { StalledAtLastLook = false, Sent = job.Collected } : job with { StalledAtLastLook = true };
    }

    private async Task<JobPage> PageAsync(Job job, int number, CancellationToken cancellation) =>
        await jobs.PageAsync(job.Id, number, cancellation)
        ?? throw new InvalidDataException(
            $"Page {number} of job {job.Id} was deleted from container '{storage.NameOf(ContainerNames.Jobs)}': cancel the job, and "
                + $"start another one."
        );

    private async Task<int> WaitingAsync(CancellationToken cancellation)
    {
        int waiting = 0;
        foreach (string name in (string[])[QueueNames.ScoreBulk, QueueNames.ScoreBulkPoison])
        {
            QueueProperties queue = await storage.Queue(name).GetPropertiesAsync(cancellation);
            waiting += queue.ApproximateMessagesCount;
        }

        return waiting;
    }

    // A page that has fewer images than the listing gave: what the job does not want is left out.
    private async Task<JobPage> ListAsync(Job job, CancellationToken cancellation)
    {
        RescoreRequest wanted = job.Request;
        string? cursor = job.Listed == 0 ? null : (await PageAsync(job, job.Listed - 1, cancellation)).Next;
        string[] prefixes = Prefixes(wanted);
        int at = cursor is null
            ? 0
            : int.Parse(cursor.AsSpan(0, cursor.IndexOf('|', StringComparison.Ordinal)), System.Globalization.CultureInfo.InvariantCulture);
        string? token =
            cursor is null ? null
            : cursor[(cursor.IndexOf('|', StringComparison.Ordinal) + 1)..] is { Length: > 0 } rest ? rest
            : null;
        CameraSet profiles = await cameras.GetAsync(cancellation);
        if (prefixes.Length == 0)
            return new JobPage([], null); // no camera has such names

        Page<BlobItem>? page = null;
        await foreach (
            Page<BlobItem> first in _images
                .GetBlobsAsync(new GetBlobsOptions { Prefix = prefixes[at] }, cancellation)
                .AsPages(token, wanted.PageSize)
        )
        {
            page = first;
            break;
        }

        (ImageVersion Version, BlobItemProperties Blob)[] chosen =
        [
            .. (page?.Values ?? [])
                .Where(b => Wants(wanted, b, profiles))
                .Select(b => (new ImageVersion(b.Name, b.Properties.ETag?.ToString().Trim('"') ?? "*"), b.Properties)),
        ];
        // All have a model to compare with, which was filled in at the start
        IReadOnlyDictionary<ImageVersion, ResultSummary> before = await results.SummariesAsync(
            wanted.Against!,
            [.. chosen.Select(c => (c.Version, c.Blob.LastModified))],
            cancellation
        );
        JobImage[] images =
        [
            .. chosen
                .Select(c => (c.Version, c.Blob, Before: before.GetValueOrDefault(c.Version)))
                .Where(c => wanted.Verdicts is not { } verdicts || (c.Before is not null && verdicts.Contains(c.Before.Verdict)))
                .Select(c => new JobImage(
                    c.Version.Image,
                    c.Version.ETag,
                    c.Before is null ? Outcome.None : Outcome.Of(c.Before.Verdict, c.Before.Score),
                    ImageContent.Of(c.Blob),
                    c.Blob.LastModified
                )),
        ];

        string? next =
            page?.ContinuationToken is { Length: > 0 } more ? FormattableString.Invariant($"{at}|{more}")
            : at + 1 < prefixes.Length ? FormattableString.Invariant($"{at + 1}|")
            : null;
        return new JobPage(images, next);
    }

    // A camera is a folder, but for the images without one.
    private static string[] Prefixes(RescoreRequest wanted)
    {
        if (wanted.Cameras is not { } names || names.Contains(ImageName.RootCamera))
            return [wanted.Prefix ?? ""];
        string[] folders = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(n => n + "/")];
        return
        [
            .. folders
                .Where(f =>
                    f.StartsWith(wanted.Prefix ?? "", StringComparison.Ordinal) || wanted.Prefix!.StartsWith(f, StringComparison.Ordinal)
                )
                .Select(f => wanted.Prefix is { } prefix && prefix.Length > f.Length ? prefix : f),
        ];
    }

    private static bool Wants(RescoreRequest wanted, BlobItem blob, CameraSet profiles)
    {
        (string camera, string path) = ImageName.Of(blob.Name);
        return (wanted.Prefix is null || blob.Name.StartsWith(wanted.Prefix, StringComparison.Ordinal))
            && wanted.Cameras?.Contains(camera) != false
            && !(blob.Properties.LastModified < wanted.From)
            && !(blob.Properties.LastModified >= wanted.To)
            && profiles.Find(camera) is { } profile
            && profile.SkippedBy(path) is null;
    }

    // What has a result of the new model already is not scored again: same image, same model, same result. But a failure may pass.
    private static bool Settles(Job job, ResultSummary? result) =>
        result is not null && (result.Verdict != Verdict.Failed || result.Job == job.Id);

    private async Task SendAsync(Job job, JobPage page, CancellationToken cancellation)
    {
        CameraSet profiles = await cameras.GetAsync(cancellation);
        IReadOnlyDictionary<ImageVersion, ResultSummary> there = await SummariesAsync(job, page, cancellation);
        await System.Threading.Tasks.Parallel.ForEachAsync(
            page.Images.Where(i => !Settles(job, there.GetValueOrDefault(i.Version))),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (image, token) =>
            {
                string camera = image.Version.Camera;
                ScoreRequested request = new()
                {
                    Image = image.Name,
                    ETag = image.ETag,
                    Camera = camera,
                    ObjectClass = (profiles.Find(camera) ?? CameraProfile.Default).Class,
                    Model = job.Request.Model,
                    Job = job.Id,
                    EnqueuedAt = time.GetUtcNow(),
                    Traceparent = Tracing.Stamp(null),
                };
                await _sender.SendAsync(QueueNames.ScoreBulk, request, MessageJson.Default.ScoreRequested, cancellation: token);
            }
        );
    }

    /// <returns>What became of each image; null while one is still on its way.</returns>
    private async Task<Outcome[]?> OutcomesAsync(Job job, JobPage page, CancellationToken cancellation)
    {
        RescoreRequest wanted = job.Request;
        if (wanted.Mode == RescoreMode.Threshold)
            return await rejudge.PageAsync(job, page, cancellation);

        // Messages are taken about in their order: while the last image has nothing, the others need not be asked for.
        if (page.Images.Count > 0 && await OutcomeAsync(job, page.Images[^1], null, cancellation) is null)
            return null;
        IReadOnlyDictionary<ImageVersion, ResultSummary> after = await SummariesAsync(job, page, cancellation);
        Outcome?[] outcomes = new Outcome?[page.Images.Count];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            outcomes.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (i, token) =>
                outcomes[i] = await OutcomeAsync(job, page.Images[i], after.GetValueOrDefault(page.Images[i].Version), token)
        );
        return Array.IndexOf(outcomes, null) >= 0 ? null : [.. outcomes.OfType<Outcome>()];
    }

    private Task<IReadOnlyDictionary<ImageVersion, ResultSummary>> SummariesAsync(Job job, JobPage page, CancellationToken cancellation) =>
        results.SummariesAsync(job.Request.Model, [.. page.Images.Select(i => (i.Version, i.StoredAt))], cancellation);

    /// <param name="known">Its result, where it was asked for already.</param>
    private async Task<Outcome?> OutcomeAsync(Job job, JobImage image, ResultSummary? known, CancellationToken cancellation)
    {
        ResultSummary? after = known ?? await results.SummaryAsync(job.Request.Model, image.Version, cancellation);
        if (job.Request.Mode == RescoreMode.Compare)
            return after is null ? Outcome.None : Outcome.Of(after.Verdict, after.Score);
        if (Settles(job, after))
            return Outcome.Of(after!.Verdict, after.Score); // there is one

        try
        {
            BlobProperties now = await _images.GetBlobClient(image.Name).GetPropertiesAsync(cancellationToken: cancellation);
            string present = now.ETag.ToString().Trim('"');
            if (image.ETag == "*" || present == image.ETag)
                return null;
            if (image.Content?.IsSame(ImageContent.Of(now)) != true)
                return new Outcome("overwritten", null);

            // Only metadata changed: the result is filed under the ETag that was there when the image was scored.
            ResultSummary? filed = await results.SummaryAsync(job.Request.Model, new(image.Name, present), cancellation);
            return Settles(job, filed) ? Outcome.Of(filed!.Verdict, filed.Score) : null;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return new Outcome("deleted", null);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A message asks for a step of job {Job}, which is not in storage any more.")]
        public static partial void Unknown(ILogger logger, string job);

        [LoggerMessage(2, LogLevel.Error, "Job {Job} cannot go on: {Reason} Mend it, then 'aaclip jobs resume'.")]
        public static partial void Failed(ILogger logger, string job, string reason);

        [LoggerMessage(
            3,
            LogLevel.Warning,
            "Job {Job}: no message waits, but images of {Pages} pages have no result; they are sent again."
        )]
        public static partial void Again(ILogger logger, string job, int pages);

        [LoggerMessage(4, LogLevel.Information, "Job {Job} is done: {Images} images, {Flips} changed their verdict.")]
        public static partial void Done(ILogger logger, string job, long images, long flips);
    }
}
