using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;

namespace AaClip.Pipeline.Jobs;

/// <summary>Starts, pauses, resumes and cancels jobs. Callers can run outside of the workers.</summary>
public sealed class JobService(StorageClients storage, JobStore jobs, ModelRepository models, TimeProvider time)
{
    private const int LargestPage = 5000,
        MostInFlight = 100_000;
    private static readonly TimeSpan LostAfter = TimeSpan.FromMinutes(2);

    private readonly QueueSender _sender = new(storage);

    /// <summary>Starts a job. A second call with the same request and id returns the same job.</summary>
    /// <param name="live">"name@version" of the live model; null if only the workers know it.</param>
    /// <exception cref="ArgumentException">The request is not valid; the message says why.</exception>
    /// <exception cref="InvalidOperationException">A job with this id and another request exists.</exception>
    public async Task<Job> StartAsync(RescoreRequest request, string? live, CancellationToken cancellation = default)
    {
        DateTimeOffset now = time.GetUtcNow();
        RescoreRequest asked = Completed(request) with { Id = request.Id ?? NewId(now) };
        request = asked with { Against = asked.Against ?? live };
        Check(request);
        if (await jobs.ReadAsync(request.Id!, cancellation) is { Document: var started })
            return await AgainAsync(started, asked, cancellation);
        bool known =
            request.Model == live
            || (request.Model == request.Against && request.Mode is not (RescoreMode.Audit or RescoreMode.Timeline))
            || (live is null && request.Mode == RescoreMode.Threshold);
        if (!known)
            await models.RequireModelAsync(request.Model, request.Mode == RescoreMode.Timeline ? PackageKind.Temporal : null, cancellation);

        // New images are scored by the live model anyway. Without an end time, the job would also have to process images that arrive while
        // it runs.
        Job job = new()
        {
            Id = request.Id!,
            Request = request with { To = request.To ?? now },
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (!await jobs.TryWriteAsync(job, null, cancellation))
            return await AgainAsync(await FindAsync(job.Id, cancellation), asked, cancellation);
        await SendAsync(job, TimeSpan.Zero, cancellation);
        return job;
    }

    /// <summary>Finds a job.</summary>
    /// <exception cref="ArgumentException">There is no job with this id.</exception>
    public async Task<Job> FindAsync(string id, CancellationToken cancellation = default) =>
        (ModelManifest.IsLabel(id) ? await jobs.ReadAsync(id, cancellation) : null)?.Document ?? throw Unknown(id);

    /// <summary>Pauses a job. Its requests in the queue are dropped, and sent again when it is resumed.</summary>
    public Task<Job> PauseAsync(string id, CancellationToken cancellation = default) =>
        ChangeAsync(id, j => j.Status == JobStatus.Running ? j with { Status = JobStatus.Paused } : j, cancellation);

    /// <summary>Cancels a job permanently. Its results stay.</summary>
    public Task<Job> CancelAsync(string id, CancellationToken cancellation = default) =>
        ChangeAsync(
            id,
            j => j.Status is JobStatus.Running or JobStatus.Paused or JobStatus.Failed ? j with { Status = JobStatus.Cancelled } : j,
            cancellation
        );

    /// <summary>Resumes a paused or failed job.</summary>
    /// <exception cref="InvalidOperationException">The job was cancelled, or is done.</exception>
    public async Task<Job> ResumeAsync(string id, CancellationToken cancellation = default)
    {
        DateTimeOffset now = time.GetUtcNow();
        Job job = await ChangeAsync(
            id,
            j =>
                j.Status switch
                {
                    JobStatus.Paused or JobStatus.Failed => j with
                    {
                        Status = JobStatus.Running,
                        Reason = null,
                        Sent = j.Collected,
                        Step = j.Step + 1,
                        ResumedAt = now,
                        ResumedImages = j.Found.Images,
                    },
                    JobStatus.Running => j,
                    _ => throw new InvalidOperationException($"Job {id} is {Word(j.Status)}: it cannot be resumed; start a new one."),
                },
            cancellation
        );
        await SendAsync(job, TimeSpan.Zero, cancellation);
        return job;
    }

    /// <summary>Marks a running job as failed.</summary>
    public Task<Job> FailAsync(string id, string reason, CancellationToken cancellation = default) =>
        ChangeAsync(id, j => j.Status == JobStatus.Running ? j with { Status = JobStatus.Failed, Reason = reason } : j, cancellation);

    /// <summary>
    /// Sends the next step of each running job that no step has read for two minutes, because its message is probably lost. If the message
    /// was only late, there are two messages for a while: one runs the step, the other does nothing.
    /// </summary>
    /// <returns>The jobs whose step was sent.</returns>
    public async Task<IReadOnlyList<Job>> TendAsync(CancellationToken cancellation = default)
    {
        List<Job> helped = [];
        await foreach (Job job in jobs.ListAsync(cancellation))
        {
            DateTimeOffset now = time.GetUtcNow();
            if (job.Status != JobStatus.Running || now - (job.LookedAt ?? job.UpdatedAt) < LostAfter)
                continue;
            Job? marked = await jobs.ChangeAsync(job.Id, j => j.Status == JobStatus.Running ? j with { LookedAt = now } : j, cancellation);
            if (marked is not { Status: JobStatus.Running })
                continue;
            await SendAsync(marked, TimeSpan.Zero, cancellation);
            helped.Add(marked);
        }

        return helped;
    }

    /// <summary>Sends the message for a job's next step.</summary>
    /// <param name="delay">Initial visibility timeout, in whole seconds.</param>
    public Task SendAsync(Job job, TimeSpan delay, CancellationToken cancellation = default) =>
        _sender.SendAsync(
            QueueNames.Rescore,
            new RescoreStep { Job = job.Id, Step = job.Step },
            MessageJson.Default.RescoreStep,
            delay,
            cancellation
        );

    /// <summary>Returns a status as text, as in JSON.</summary>
    public static string Word(JobStatus status) => status.ToString().ToLowerInvariant();

    // Defaults that the first start filled in are compared as given; another model may be live now.
    private async Task<Job> AgainAsync(Job there, RescoreRequest asked, CancellationToken cancellation)
    {
        if (Json(there.Request) != Json(asked with { Against = asked.Against ?? there.Request.Against, To = asked.To ?? there.Request.To }))
            throw new InvalidOperationException($"There is a job {there.Id} already, with another request: choose another id.");
        if (there.Status == JobStatus.Running)
            await SendAsync(there, TimeSpan.Zero, cancellation); // the first start may have failed before this
        return there;
    }

    private async Task<Job> ChangeAsync(string id, Func<Job, Job> change, CancellationToken cancellation) =>
        (
            ModelManifest.IsLabel(id)
                ? await jobs.ChangeAsync(
                    id,
                    before => change(before) is var after && after == before ? before : after with { UpdatedAt = time.GetUtcNow() },
                    cancellation
                )
                : null
        ) ?? throw Unknown(id);

    private static ArgumentException Unknown(string id) => new($"There is no job '{id}': see 'aaclip jobs'.", nameof(id));

    // An audit compares a model with itself, on images that it found normal.
    private static RescoreRequest Completed(RescoreRequest request) =>
        request.Mode == RescoreMode.Audit
            ? request with
            {
                Against = request.Against ?? request.Model,
                Verdicts = request.Verdicts ?? [Verdict.Normal],
                Share = request.Share ?? RescoreRequest.DefaultShare,
                FalseFlags = request.FalseFlags ?? AuditFindings.FalseFlags,
            }
        : request.Mode == RescoreMode.Timeline ? request with { Against = request.Against ?? request.Model }
        : request;

    private static void Check(RescoreRequest request)
    {
        if (!ModelManifest.IsLabel(request.Id!))
            throw new ArgumentException($"The id '{request.Id}' is not valid: use up to 64 letters, digits, '.', '_' and '-'.");
        if (request.Id == ShadowShare.Job)
            throw new ArgumentException($"The id '{request.Id}' is reserved for the shadow model: choose another id.");
        CheckModels(request);
        if (request.From >= request.To)
            throw new ArgumentException(
                $"No image can be stored from {request.From:O} and before {request.To:O}: set from earlier than to."
            );
        if (request.PageSize is < 1 or > LargestPage)
            throw new ArgumentException($"pageSize is {request.PageSize}, expected 1 to {LargestPage}.");
        if (request.InFlight is < 1 or > MostInFlight)
            throw new ArgumentException($"inFlight is {request.InFlight}, expected 1 to {MostInFlight}.");
        if (request.Cameras is { } cameras && (cameras.Count == 0 || cameras.Any(string.IsNullOrEmpty)))
            throw new ArgumentException("cameras is empty or has an empty name: leave it out for all cameras.");
        if (request.Verdicts is { Count: 0 })
            throw new ArgumentException("verdicts is empty: leave it out for all verdicts.");
        if (request.Mode == RescoreMode.Timeline)
            CheckTimeline(request);
        if (request.Mode == RescoreMode.Audit)
            CheckAudit(request);
        else if (request.Share is not null || request.FalseFlags is not null)
            throw new ArgumentException("share and falseFlags are for mode audit: leave them out.");
    }

    private static void CheckTimeline(RescoreRequest request)
    {
        if (request.Against != request.Model)
            throw new ArgumentException("Mode timeline compares no models: leave out against.");
        if (request.Verdicts is not null)
            throw new ArgumentException("Mode timeline looks at all images: leave out verdicts.");
        if (request.Cameras is not { Count: 1 })
            throw new ArgumentException("Mode timeline is about the sequence of one camera: name it in cameras.");
    }

    private static void CheckAudit(RescoreRequest request)
    {
        if (request.Against != request.Model)
            throw new ArgumentException($"Mode audit looks at the results of {request.Model} itself: leave out against.");
        if (request.Verdicts is not [Verdict.Normal])
            throw new ArgumentException("Mode audit looks at normal images alone: leave out verdicts.");
        if (request.Cameras is not { Count: 1 })
            throw new ArgumentException("Mode audit compares images of one camera: name it in cameras.");
        if (request.Share is not (> 0 and <= 1))
            throw new ArgumentException(FormattableString.Invariant($"share is {request.Share}, expected a number above 0 and at most 1."));
        if (request.FalseFlags is not (>= 0.001 and < 1))
            throw new ArgumentException(
                FormattableString.Invariant($"falseFlags is {request.FalseFlags}, expected a number from 0.001 to below 1.")
            );
    }

    internal static void CheckModels(RescoreRequest request)
    {
        foreach (string? model in (string?[])[request.Model, request.Against])
            if (model is not null)
                ModelId.Parse(model);
        if (request.Model == request.Against && request.Mode == RescoreMode.Compare)
            throw new ArgumentException($"Both models are {request.Model}: name two different models to compare.");
    }

    private static string NewId(DateTimeOffset now) =>
        $"{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{RandomNumberGenerator.GetHexString(4, lowercase: true)}";

    private static string Json(RescoreRequest request) => JsonSerializer.Serialize(request, JobJson.Default.RescoreRequest);
}
