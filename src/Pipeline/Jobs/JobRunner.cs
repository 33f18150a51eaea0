using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// Runs the steps of jobs, one per message. A step does the first of these that is possible: 1. collect the oldest sent page, if all its
/// images have an outcome; 2. send the next page, if the limit of images in flight allows it; 3. list the next page; 4. write the report;
/// 5. wait. A step ends with one conditional write of the job's state and one message for the next step. If a step crashes, its message is
/// redelivered and the step runs again; if two workers run the same step, only one of them can write the state. If a message is lost,
/// TendJobs sends it again.
/// </summary>
public sealed partial class JobRunner(
    StorageClients storage,
    JobStore jobs,
    JobService service,
    CameraProfiles cameras,
    ResultStore results,
    ModelHost models,
    MapRejudger rejudge,
    AuditStore audits,
    StoredFrames frames,
    IOptions<ResultsOptions> options,
    TimeProvider time,
    ILogger<JobRunner> logger
)
{
    private const int Parallel = 16; // concurrent storage calls
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(20); // maximum age of LookedAt while a job waits

    private readonly BlobContainerClient _images = storage.Container(ContainerNames.Images);
    private readonly QueueSender _sender = new(storage);

    /// <summary>Runs the step of the message, if it is the job's next step.</summary>
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
            // The step is done, but its worker may have crashed before it sent the next step. Or this message is a redelivery. Wait until
            // it is clear whether the job makes progress; otherwise each redelivery would start a second chain of messages.
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
            return; // paused, cancelled, or another message has run this step and sends the next
        if (next.Status == JobStatus.Running)
            await service.SendAsync(next, next.StalledAtLastLook ? Pause : TimeSpan.Zero, cancellation);
        else
            Log.Done(logger, next.Id, next.Found.Images, next.Found.Flips);
    }

    /// <returns>Whether the job was still running and at this step.</returns>
    private async Task<bool> TakeAsync(Job job, Job next, CancellationToken cancellation)
    {
        bool taken = false;
        await jobs.ChangeAsync(job.Id, now => (taken = now.Step == job.Step && now.Status == JobStatus.Running) ? next : now, cancellation);
        return taken;
    }

    /// <returns>The changed job; the same job if it must wait.</returns>
    private async Task<Job> StepAsync(Job job, CancellationToken cancellation)
    {
        // The request may leave the old model open: take the live one now, and keep it.
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
            if (Sends(job))
                await SendAsync(job, await PageAsync(job, job.Sent, cancellation), cancellation);
            return job with { Sent = job.Sent + 1, StalledAtLastLook = false };
        }

        // 3. List
        if (!job.ListedAll)
        {
            JobPage page =
                await jobs.PageAsync(job.Id, job.Listed, cancellation)
                ?? await jobs.AddPageAsync(job.Id, job.Listed, await ListAsync(job, cancellation), cancellation);
            if (job.Request.FalseFlags is { } share && page.Next is null)
                RequireEnough(job.Images + page.Images.Count, share);
            return job with
            {
                Listed = job.Listed + 1,
                Sent = Sends(job) ? job.Sent : job.Listed + 1, // the other modes have no requests to send
                Images = job.Images + page.Images.Count,
                ListedAll = page.Next is null,
                StalledAtLastLook = false,
            };
        }

        // 4. Report
        if (job.Collected == job.Listed)
        {
            Job done = job with { Status = JobStatus.Done, UpdatedAt = time.GetUtcNow() };
            await new JobReporter(storage, jobs, audits, frames, options.Value.ReviewAddress).WriteAsync(done, cancellation);
            return done;
        }

        // 5. Wait. Messages can be lost, for example if a user clears a queue: if no message waits and a second check finds no progress,
        // the missing images are sent again.
        if (await WaitingAsync(cancellation) > 0)
            return job.StalledAtLastLook ? job with { StalledAtLastLook = false } : job;
        if (job.StalledAtLastLook)
            Log.Again(logger, job.Id, job.Sent - job.Collected);
        return job.StalledAtLastLook ? job with { StalledAtLastLook = false, Sent = job.Collected } : job with { StalledAtLastLook = true };
    }

    private static bool Sends(Job job) => job.Request.Mode is RescoreMode.Full or RescoreMode.Audit or RescoreMode.Timeline;

    private static void RequireEnough(long images, double falseFlags)
    {
        if (AuditFindings.TooFew(images, falseFlags) is { } reason)
            throw new InvalidDataException(reason);
    }

    private async Task<JobPage> PageAsync(Job job, int number, CancellationToken cancellation) =>
        await jobs.PageAsync(job.Id, number, cancellation)
        ?? throw new InvalidDataException(
            $"Page {number} of job {job.Id} was deleted from container '{storage.NameOf(ContainerNames.Jobs)}': cancel the job and "
                + $"start a new one."
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

    // Lists the next page. It can have fewer images than the page size: images that do not match the request are left out.
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
            return new JobPage([], null); // the prefix matches none of the cameras

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
        // All have a model to compare with, which was filled in at the start; a temporal model has no results
        IReadOnlyDictionary<ImageVersion, ResultSummary> before = await results.SummariesAsync(
            wanted.Against!,
            wanted.Mode == RescoreMode.Timeline ? [] : [.. chosen.Select(c => (c.Version, c.Blob.LastModified))],
            cancellation
        );
        JobImage[] images =
        [
            .. chosen
                .Select(c => (c.Version, c.Blob, Before: before.GetValueOrDefault(c.Version)))
                .Where(c => wanted.Mode != RescoreMode.Audit || Audits(wanted, c.Version, c.Before))
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

    // An image that a first model settled has not been seen by the model.
    private static bool Audits(RescoreRequest wanted, ImageVersion image, ResultSummary? result) =>
        result is { Settled: false } && ShadowShare.Include(wanted.Share ?? RescoreRequest.DefaultShare, image);

    // Each camera is a folder, except "default", whose images have no folder.
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

    // An image with a result of the new model is not scored again: the result would be the same. A failed result of another origin is
    // retried. An image that a first model settled has not been seen by the model.
    private static bool Settles(Job job, ResultSummary? result) =>
        result is { Settled: false } && (result.Verdict != Verdict.Failed || result.Job == job.Id);

    private async Task SendAsync(Job job, JobPage page, CancellationToken cancellation)
    {
        CameraSet profiles = await cameras.GetAsync(cancellation);
        bool audit = job.Request.Mode == RescoreMode.Audit,
            frame = job.Request.Mode == RescoreMode.Timeline,
            scores = !audit && !frame;
        IReadOnlyDictionary<ImageVersion, ResultSummary>? there = scores ? await SummariesAsync(job, page, cancellation) : null;
        await System.Threading.Tasks.Parallel.ForEachAsync(
            page.Images.Where(i => there is null || !Settles(job, there.GetValueOrDefault(i.Version))),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (image, token) =>
            {
                if (audit && await audits.ExistsAsync(job.Id, job.Request.Model, image.Version, token))
                    return;
                if (frame && await frames.OutcomeAsync(job.Id, job.Request.Model, image.Version, token) is not null)
                    return;
                string camera = image.Version.Camera;
                ScoreRequested request = new()
                {
                    Image = image.Name,
                    ETag = image.ETag,
                    Camera = camera,
                    ObjectClass = (profiles.Find(camera) ?? CameraProfile.Default).Class,
                    Model = job.Request.Model,
                    Job = job.Id,
                    Audit = audit,
                    Frame = frame,
                    EnqueuedAt = time.GetUtcNow(),
                    Traceparent = Tracing.Stamp(null),
                };
                await _sender.SendAsync(QueueNames.ScoreBulk, request, MessageJson.Default.ScoreRequested, cancellation: token);
            }
        );
    }

    /// <returns>The outcome of each image; null if an image has none yet.</returns>
    private async Task<Outcome[]?> OutcomesAsync(Job job, JobPage page, CancellationToken cancellation)
    {
        RescoreRequest wanted = job.Request;
        if (wanted.Mode == RescoreMode.Threshold)
            return await rejudge.PageAsync(job, page, cancellation);
        if (wanted.Mode == RescoreMode.Audit)
            return await AuditedAsync(job, page, cancellation);
        if (wanted.Mode == RescoreMode.Timeline)
            return await FramesAsync(job, page, cancellation);

        // Messages are processed roughly in order: if the last image has no outcome, the page is not complete.
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

    /// <returns>The outcome of each image, when what was measured on the page is stored; null if an image was not measured yet.</returns>
    private async Task<Outcome[]?> AuditedAsync(Job job, JobPage page, CancellationToken cancellation)
    {
        string model = job.Request.Model;
        if (page.Images.Count > 0 && !await audits.ExistsAsync(job.Id, model, page.Images[^1].Version, cancellation))
            return null;
        AuditedImage?[] audited = new AuditedImage?[page.Images.Count];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            audited.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (i, token) => audited[i] = await audits.ReadAsync(job.Id, model, page.Images[i].Version, token)
        );
        if (Array.IndexOf(audited, null) >= 0)
            return null;
        AuditedImage[] all = [.. audited.OfType<AuditedImage>()];
        await audits.WritePageAsync(job.Id, job.Collected, all, cancellation);
        return [.. all.Select(a => new Outcome(a.Word, null))];
    }

    /// <returns>The outcome of each image; null if an image has none yet.</returns>
    private async Task<Outcome[]?> FramesAsync(Job job, JobPage page, CancellationToken cancellation)
    {
        string?[] words = new string?[page.Images.Count];
        if (words.Length > 0 && await WordAsync(words.Length - 1, cancellation) is null)
            return null;
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            words.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (i, token) => words[i] = await WordAsync(i, token)
        );
        return Array.IndexOf(words, null) >= 0 ? null : [.. words.Select(w => new Outcome(w!, null))];

        Task<string?> WordAsync(int i, CancellationToken token) =>
            frames.OutcomeAsync(job.Id, job.Request.Model, page.Images[i].Version, token);
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
            return Outcome.Of(after!.Verdict, after.Score); // not null: Settles is false for null

        try
        {
            BlobProperties now = await _images.GetBlobClient(image.Name).GetPropertiesAsync(cancellationToken: cancellation);
            string present = now.ETag.ToString().Trim('"');
            if (image.ETag == "*" || present == image.ETag)
                return null;
            if (image.Content?.IsSame(ImageContent.Of(now)) != true)
                return new Outcome("overwritten", null);

            // Only metadata changed: the result is stored under the ETag that the blob had when it was scored.
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
        [LoggerMessage(1, LogLevel.Warning, "Ignored a step of job {Job}: the job is no longer in storage.")]
        public static partial void Unknown(ILogger logger, string job);

        [LoggerMessage(2, LogLevel.Error, "Job {Job} cannot continue: {Reason} Fix the cause, then run 'aaclip jobs resume'.")]
        public static partial void Failed(ILogger logger, string job, string reason);

        [LoggerMessage(
            3,
            LogLevel.Warning,
            "Job {Job}: no message waits, but {Pages} pages have images without a result; these are sent again."
        )]
        public static partial void Again(ILogger logger, string job, int pages);

        [LoggerMessage(4, LogLevel.Information, "Job {Job} is done: {Images} images, {Flips} changed their verdict.")]
        public static partial void Done(ILogger logger, string job, long images, long flips);
    }
}
