using System.Collections.Concurrent;
using System.Diagnostics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using AaClip.Pipeline.Timelines;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Scoring;

/// <summary>The outcome of one image, and the messages to send.</summary>
/// <param name="Result">The stored result.</param>
/// <param name="Scored">Message for the alert rules; null for a failed image and for jobs.</param>
/// <param name="Shadow">Request for the shadow model to score the same image; null for none.</param>
/// <param name="Frame">Message for the step that looks for events; null where the camera has none, and for jobs.</param>
public sealed record ScoredImage(ResultDocument Result, Scored? Scored = null, ScoreRequested? Shadow = null, FrameSeen? Frame = null);

/// <summary>
/// Makes a stored result from a request: 1. model and profile; 2. download the requested version; 3. decode; 4. score; 5. judge; 6. draw
/// and store the pictures; 7. store the result, then its row in the index; 8. return the messages to send, except for jobs. A redelivered
/// request that finds its result writes the row, returns the messages, and scores nothing.
/// An image that can never be scored gets a failed result at once; transient errors are thrown, and the queue retries. If the requested
/// version no longer exists, the current one is scored and stored under its own ETag.
/// </summary>
public sealed partial class ImageScoring : IDisposable
{
    // One image in the model, one before or after it. More would take processor cores and storage bandwidth from new images.
    private const int JobImagesOnCpu = 2;
    private const int MostNoted = 1000; // names of cameras come from those who upload

    private readonly BlobContainerClient _images;
    private readonly QueueSender _sender;
    private readonly CameraProfiles _cameras;
    private readonly CameraReferences _references;
    private readonly ModelHost _models;
    private readonly CheckHost _checks;
    private readonly EventModelHost _events;
    private readonly FeatureStore _features;
    private readonly ResultStore _results;
    private readonly DecodeOptions _decode;
    private readonly int _heatmapSide;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ModelRolesStore _choice;
    private readonly SemaphoreSlim _urgent;
    private readonly SemaphoreSlim _patient; // separate, so that a job never blocks new images
    private readonly SemaphoreSlim _patientOnCpu = new(JobImagesOnCpu);
    private readonly Precedence _precedence = new();

    private readonly ConcurrentDictionary<(string Camera, string Model, string Reason), bool> _misfits = []; // logged once each

    // One at a time: the push of an image and its storage event can ask at the same moment, and the second then finds the result. Jobs have
    // turns of their own, because they yield to new images.
    private readonly Turns<(ImageVersion Image, string Model, bool Urgent)> _turns = new();

    /// <summary>Loads and sends nothing yet.</summary>
    public ImageScoring(
        StorageClients storage,
        CameraProfiles cameras,
        CameraReferences references,
        ModelHost models,
        CheckHost checks,
        EventModelHost events,
        FeatureStore features,
        ModelRolesStore choice,
        ResultStore results,
        IOptions<LimitsOptions> limits,
        TimeProvider time,
        ILogger<ImageScoring> logger
    )
    {
        _images = storage.Container(ContainerNames.Images);
        _sender = new QueueSender(storage);
        _choice = choice;
        _cameras = cameras;
        _references = references;
        _models = models;
        _checks = checks;
        _events = events;
        _features = features;
        _results = results;
        _decode = limits.Value.Decode;
        _heatmapSide = limits.Value.HeatmapSide;
        _time = time;
        _logger = logger;
        _urgent = new SemaphoreSlim(limits.Value.MaxImagesInMemory);
        _patient = new SemaphoreSlim(limits.Value.MaxImagesInMemory);
    }

    /// <summary>Scores a new image, and sends the messages that follow from it.</summary>
    /// <returns>As for <see cref="RunAsync(ScoreRequested, string, bool, CancellationToken)"/>.</returns>
    public async Task<ScoredImage> ScoreAsync(ScoreRequested request, CancellationToken cancellation)
    {
        ScoredImage image = await RunAsync(request, "ScoreImage", urgent: true, cancellation);
        if (image.Scored is { } scored)
            await _sender.SendAsync(QueueNames.Scored, scored, MessageJson.Default.Scored, cancellation: cancellation);
        if (image.Frame is { } frame)
            await _sender.SendAsync(QueueNames.Events, frame, MessageJson.Default.FrameSeen, cancellation: cancellation);
        if (image.Shadow is { } shadow)
            await _sender.SendAsync(QueueNames.ScoreBulk, shadow, MessageJson.Default.ScoreRequested, cancellation: cancellation);
        return image;
    }

    /// <summary>Runs all steps, but sends no message.</summary>
    /// <param name="step">Name of the function, for the trace.</param>
    /// <param name="urgent">True for a new image, false for an image of a job. Urgent requests go first.</param>
    /// <returns>
    /// The stored result and the messages to send; null if the requested version no longer exists and the current one is already scored.
    /// </returns>
    public async Task<ScoredImage> RunAsync(ScoreRequested request, string step, bool urgent, CancellationToken cancellation)
    {
        using Activity? span = Tracing.Start(step, request.Traceparent);
        span?.SetTag("camera", request.Camera).SetTag("image", request.Image);
        DateTimeOffset now = _time.GetUtcNow();
        Metrics.QueueAge(urgent ? QueueNames.Score : QueueNames.ScoreBulk, request.EnqueuedAt, now);
        double queued = Math.Max(0, (now - request.EnqueuedAt).TotalMilliseconds);

        using IDisposable? first = urgent ? _precedence.Enter() : null;
        SemaphoreSlim memory = urgent ? _urgent : _patient;
        await memory.WaitAsync(cancellation);
        try
        {
            // 1. Model and profile
            using ModelLease lease = await LeaseAsync(request.Model, cancellation);
            LoadedModel model = lease.Model;
            CameraSet cameras = await _cameras.GetAsync(cancellation);
            if (_models.LastLiveId is { } live)
                _models.Keep(Cascade.Asked(cameras.FirstModels, live));
            CameraProfile profile = cameras.Find(request.Camera) ?? CameraProfile.Default;
            ResultDocument begun = Begin(request, model, cameras, profile, queued, Tracing.Stamp(request.Traceparent));
            if (urgent || model.Provider != "cpu")
                return await RunAsync(request, model, profile, begun, urgent, cancellation);
            await _patientOnCpu.WaitAsync(cancellation);
            try
            {
                return await RunAsync(request, model, profile, begun, urgent, cancellation);
            }
            finally
            {
                _patientOnCpu.Release();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            span.Fail(e);
            throw;
        }
        finally
        {
            memory.Release();
        }
    }

    /// <summary>
    /// Runs other work with a model on an image of a job, as such an image is scored: behind new images, and with as many in memory.
    /// </summary>
    /// <param name="model">"name@version"; null for the live one.</param>
    /// <param name="work">Gets the model, and a pause between two steps, in which new images go first.</param>
    internal Task<T> PatientlyAsync<T>(string? model, Func<LoadedModel, Func<Task>, Task<T>> work, CancellationToken cancellation) =>
        PatientlyAsync(
            async yield =>
            {
                using ModelLease lease = await LeaseAsync(model, cancellation);
                bool cpu = lease.Model.Provider == "cpu";
                if (cpu)
                    await _patientOnCpu.WaitAsync(cancellation);
                try
                {
                    return await work(lease.Model, yield);
                }
                finally
                {
                    if (cpu)
                        _patientOnCpu.Release();
                }
            },
            cancellation
        );

    /// <summary>The same with no model, or another than one that scores.</summary>
    internal async Task<T> PatientlyAsync<T>(Func<Func<Task>, Task<T>> work, CancellationToken cancellation)
    {
        await _patient.WaitAsync(cancellation);
        try
        {
            return await work(() => _precedence.YieldAsync(cancellation));
        }
        finally
        {
            _patient.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _urgent.Dispose();
        _patient.Dispose();
        _patientOnCpu.Dispose();
    }

    private async Task<ScoredImage> RunAsync(
        ScoreRequested request,
        LoadedModel model,
        CameraProfile profile,
        ResultDocument result,
        bool urgent,
        CancellationToken cancellation
    )
    {
        using IDisposable turn = await _turns.TakeAsync((new(request.Image, request.ETag), model.Id, urgent), cancellation);
        if (await EarlierAsync(request, new(request.Image, request.ETag), model.Id, cancellation) is { } earlier)
            return await FinishAsync(request, earlier, model.Id, cancellation);

        RgbImage? photo; // what the heatmap is drawn on
        ImageScore score;
        CameraReference? references; // null if the camera has none
        FirstLook? first = null; // of the camera's first model
        GeneratedPart? generated = null; // of the camera's check for generated pictures
        FrameLook? frame = null; // of the camera's temporal model
        DateTimeOffset taken = default;
        long start = _time.GetTimestamp();
        try
        {
            // 2. Download
            await YieldAsync(urgent, cancellation);
            (BlobDownloadStreamingResult? blob, ResultDocument? present) = await DownloadAsync(request, model.Id, cancellation);
            if (blob is null)
                return await FinishAsync(request, present!, model.Id, cancellation); // without a blob there is a result
            byte[]? bytes;
            using (blob.Content)
            {
                BlobDownloadDetails details = blob.Details;
                ImageContent content = ImageContent.Of(details);
                result = result with
                {
                    Image = result.Image with
                    {
                        ETag = Unquoted(details.ETag),
                        Bytes = content.Bytes,
                        StoredAt = details.LastModified,
                        CreatedAt = content.CreatedAt,
                        Md5 = content.Md5,
                        Part = ImageParts.OfMetadata(request.Image, details.Metadata, _logger) ?? result.Image.Part,
                    },
                };
                taken = FrameTime.Of(details.Metadata, details.LastModified);
                if (details.ContentLength > _decode.Limits.MaxBytes)
                    throw new ImageRejectedException(
                        ImageRejection.TooManyBytes,
                        $"Image '{request.Image}' has {details.ContentLength} bytes, more than the limit of "
                            + $"{_decode.Limits.MaxBytes}: compress it or raise Limits__MaxBytes."
                    );
                bytes = new byte[details.ContentLength];
                await blob.Content.ReadExactlyAsync(bytes, cancellation);
            }

            result = result with { Timings = result.Timings with { Download = Lap(ref start) } };

            // 3. Decode
            await YieldAsync(urgent, cancellation);
            RgbImage? image = ImageDecoder.Decode(bytes, request.Image, _decode).Image;
            bytes = null;
            result = result with
            {
                Image = result.Image with { Width = image.Width, Height = image.Height },
                Timings = result.Timings with { Decode = Lap(ref start) },
            };

            BlankImage.Refuse(image, request.Image, model.Manifest.Architecture.Patch);

            // 4. Score
            await YieldAsync(urgent, cancellation);
            float[] anchors;
            try
            {
                anchors = model.AnchorsOf(request.ObjectClass);
            }
            catch (ClassNameException e)
            {
                return await FailAsync(result, FailureCodes.UnknownClass, e.Message, cancellation);
            }
            catch (Exception e) when (e is not OperationCanceledException) // the text tower failed; it does not depend on the image
            {
                throw new InfrastructureException(e.Message, e);
            }

            references = await ReferencesAsync(request, model, profile, cancellation);
            Task<GeneratedPart?> checking =
                request.Job is null && profile.Generated is { } rule
                    ? GeneratedLook.AskAsync(image, rule, _checks, cancellation)
                    : KeptAsync(request, profile, result.Image.Version.Result(model.Id), cancellation);
            Task<FrameLook?> looking =
                request.Job is null && profile.Events is { } events
                    ? FrameLook.AskAsync(image, events, _events, cancellation)
                    : Task.FromResult<FrameLook?>(null);
            if (request.Job is null && profile.First is { } asked)
                first = references?.Patches is null
                    ? await FirstLook.AskAsync(image, request.ObjectClass, profile, model, _models, urgent, cancellation)
                    : FirstLook.NotAsked(asked, "The camera has reference images, and the limit was chosen without them.");
            try
            {
                photo = profile.Heatmaps ? BoxAverage.Shrink(image, _heatmapSide) : null;
                Task<ImageScore> scoring =
                    first?.Score is { } settled ? Task.FromResult(settled)
                    : model.Cut(image, profile.TilePlan) is { } tiles
                        ? model.ScoreAsync(tiles, anchors, profile.Domain, references?.Patches, urgent, cancellation)
                    : model.ScoreAsync(image, anchors, profile.Domain, references?.Patches, urgent, cancellation);
                image = null; // while waiting for the model, keep only the photo and the model's input in memory
                score = await scoring;
                generated = await checking;
                frame = await looking;
            }
            catch (InvalidDataException e) // the output has NaN or infinity; a retry gives the same
            {
                return await FailAsync(result, FailureCodes.ModelOutput, e.Message, cancellation);
            }
            // The model's input has a fixed size, so the cause is not the image but the model, its provider or memory
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new InfrastructureException(e.Message, e);
            }

            result = result with { Timings = result.Timings with { Infer = Lap(ref start) } };
        }
        catch (ImageRejectedException e)
        {
            if (
                e.Code == ImageRejection.Missing
                && request.Job is not null
                && await _results.ReadAsync(result.Image.Version.Result(model.Id), cancellation)
                    is { First.Settled: true, Failure: null } kept
            )
                return new ScoredImage(kept); // the image is gone, and its result is good
            return await FailAsync(result, FailureCodes.Of(e.Code), e.Message, cancellation);
        }

        // 5. Judge
        await YieldAsync(urgent, cancellation);
        if (references?.Patches is null && model.NoteCalibrationGap(request.ObjectClass) is { } gap)
            Log.Uncalibrated(_logger, gap);
        Judgement judgement =
            first?.Judgement
            ?? Judgement.Of(
                score.Map,
                score.Detection,
                profile,
                references?.Patches?.Calibration ?? model.Manifest.CalibrationFor(request.ObjectClass),
                result.Image.Width,
                result.Image.Height,
                tiles: score.Tiles
            );

        // 6. Draw and store the pictures
        QuantizedMap map = QuantizedMap.Create(score.Map.Raw);
        byte[]? heatmap = photo is null ? null : Draw(photo, judgement, profile);
        (string? heatmapBlob, string mapBlob) = await _results.WritePicturesAsync(
            model.Id,
            result.Image.Version,
            heatmap,
            ImageEncoder.Png16(score.Map.Side, score.Map.Side, map.Values),
            cancellation
        );

        // 7. Store the feature and the result
        if (frame is not null)
        {
            Frame own = new(result.Image.Name, result.Image.RequiredETag, taken);
            await _features.AddAsync(frame.Model, frame.Feature.Length, own, frame.Feature.Values, cancellation);
        }

        result = result with
        {
            Score = judgement.Score,
            First = first?.Part,
            Regions = judgement.Regions,
            Tiles = score.Tiles,
            References =
                references?.Patches is { } patches ? ReferencesPart.Of(patches)
                : references is null ? null
                : new ReferencesPart(Unused: references.Unused),
            Generated = generated,
            Heatmap = heatmapBlob,
            Map = MapPart.Of(score.Map, map, mapBlob).With(judgement.Scale),
            Timings = result.Timings with { Write = Lap(ref start) },
            ScoredAt = _time.GetUtcNow(),
        };
        await _results.WriteAsync(result, cancellation);
        Metrics.Scored(result.Score.RequiredVerdict, model.Id);

        // 8. Messages to send. A job's images raise no alerts.
        Log.Scored(
            _logger,
            request.Image,
            judgement.Score.Calibrated ?? 0,
            judgement.Score.RequiredVerdict,
            model.Id,
            Total(result.Timings)
        );
        return await ToSendAsync(request, result, model.Id, cancellation);
    }

    private async Task<CameraReference?> ReferencesAsync(
        ScoreRequested request,
        LoadedModel model,
        CameraProfile profile,
        CancellationToken cancellation
    )
    {
        CameraReference? found = await _references.FindAsync(
            request.Camera,
            model.Manifest,
            request.ObjectClass,
            profile.TilePlan,
            cancellation
        );
        if (found?.Patches is not null && !model.TakesReferences)
            found = new CameraReference(null, CameraReference.OldPackage);
        if (found?.Unused is { } reason && _misfits.Count < MostNoted && _misfits.TryAdd((request.Camera, model.Id, reason), true))
            Log.ReferencesUnused(_logger, request.Camera, model.Id, reason);
        return found;
    }

    private async Task<ScoredImage> ToSendAsync(
        ScoreRequested request,
        ResultDocument result,
        string model,
        CancellationToken cancellation
    ) =>
        request.Job is not null
            ? new ScoredImage(result)
            : new ScoredImage(
                result,
                Message(request, result),
                await ShadowAsync(request, result, model, cancellation),
                (await _cameras.GetAsync(cancellation)).Find(request.Camera)?.Events is { } events
                    ? await FrameLook.MessageAsync(_features, events, result, _time.GetUtcNow(), cancellation)
                    : null
            );

    /// <summary>Finishes an image that already has its result: writes the row in the index, and returns the messages to send.</summary>
    private async Task<ScoredImage> FinishAsync(ScoreRequested request, ResultDocument result, string model, CancellationToken cancellation)
    {
        Log.ScoredBefore(_logger, request.Image, result.Image.RequiredETag);
        Metrics.Skipped("scored");
        await _results.Index.PutAsync(result, cancellation);
        return await ToSendAsync(request, result, model, cancellation);
    }

    /// <returns>
    /// The result that an earlier delivery of this request has made; null for none. A failed image is scored again. So is a new image that
    /// has the result of a job alone, because that one has sent no message.
    /// </returns>
    private async Task<ResultDocument?> EarlierAsync(
        ScoreRequested request,
        ImageVersion image,
        string model,
        CancellationToken cancellation
    )
    {
        if (
            await _results.SummaryAsync(model, image, cancellation) is not { Failure: null } there
            || (request.Job is null && there.Job is not null)
            || (request.Job is not null && there.Settled) // the model has not seen it
        )
            return null;
        ResultDocument? result = await _results.ReadAsync(there.Blob, cancellation);
        return result?.Image.ObjectClass == request.ObjectClass ? result : null; // the camera's class may have changed
    }

    // A job asks no check. Where a first model settled an image, its result takes the place of one that says what the check said.
    private async Task<GeneratedPart?> KeptAsync(
        ScoreRequested request,
        CameraProfile profile,
        string result,
        CancellationToken cancellation
    ) =>
        request.Job is not null && profile is { Generated: not null, First: not null }
            ? (await _results.ReadAsync(result, cancellation))?.Generated
            : null;

    private Task YieldAsync(bool urgent, CancellationToken cancellation) =>
        urgent ? Task.CompletedTask : _precedence.YieldAsync(cancellation);

    // The shadow model scores the same version of the image later, after new images and without alerts.
    private async Task<ScoreRequested?> ShadowAsync(
        ScoreRequested request,
        ResultDocument result,
        string live,
        CancellationToken cancellation
    )
    {
        if (
            (await _choice.GetAsync(cancellation)).Shadow is not { } shadow
            || shadow.Model == live
            || !ShadowShare.Include(shadow.Share, result.Image.Version)
        )
            return null;
        return request with
        {
            ETag = result.Image.RequiredETag,
            Model = shadow.Model,
            Job = ShadowShare.Job,
            EnqueuedAt = _time.GetUtcNow(),
            Traceparent = result.Traceparent,
        };
    }

    private ResultDocument Begin(
        ScoreRequested request,
        LoadedModel model,
        CameraSet cameras,
        CameraProfile profile,
        double queued,
        string? traceparent
    ) =>
        new()
        {
            Image = new ImagePart
            {
                Name = request.Image,
                ETag = request.ETag,
                Camera = request.Camera,
                ObjectClass = request.ObjectClass,
                Part = ImageParts.OfName(request.Image, profile, _logger),
            },
            Model = model.Part,
            Score = new ScorePart(Verdict.Failed),
            Timings = new TimingsPart(Queue: Math.Round(queued, 1)),
            EnqueuedAt = request.EnqueuedAt,
            Profile = cameras.ETag,
            ScoredAt = request.EnqueuedAt,
            Traceparent = traceparent,
            Job = request.Job,
        };

    /// <summary>
    /// Opens the requested version, or the current one if the ETag differs. A change of metadata changes the ETag but sends no event. An
    /// overwrite sends its own event; its result is then made here already.
    /// </summary>
    /// <returns>The blob; or, if the current version is already scored, no blob and that result.</returns>
    private async Task<(BlobDownloadStreamingResult? Blob, ResultDocument? Present)> DownloadAsync(
        ScoreRequested request,
        string model,
        CancellationToken cancellation
    )
    {
        BlobClient image = _images.GetBlobClient(request.Image);
        ETag wanted = request.ETag == "*" ? ETag.All : new ETag($"\"{request.ETag.Trim('"')}\"");
        try
        {
            while (true)
            {
                try
                {
                    BlobDownloadOptions options = new() { Conditions = new BlobRequestConditions { IfMatch = wanted } };
                    return ((await image.DownloadStreamingAsync(options, cancellation)).Value, null);
                }
                catch (RequestFailedException e) when (e.Status == 412)
                {
                    // An earlier delivery may have scored a version that is gone, too, and ended before its row was written.
                    await _results.IndexAsync(model, request.Image, cancellation);
                    BlobProperties there = await image.GetPropertiesAsync(cancellationToken: cancellation); // 404 if the blob was deleted
                    if (await EarlierAsync(request, new(request.Image, Unquoted(there.ETag)), model, cancellation) is { } present)
                        return (null, present);

                    Log.Changed(_logger, request.Image, request.ETag, Unquoted(there.ETag));
                    wanted = there.ETag;
                }
            }
        }
        catch (RequestFailedException e) when (e.Status == 404 && e.ErrorCode != BlobErrorCode.ContainerNotFound)
        {
            throw new ImageRejectedException(
                ImageRejection.Missing,
                $"Image '{request.Image}' was deleted or moved before it was scored: upload it again, and leave images in place "
                    + $"until they have a result.",
                e
            );
        }
        catch (RequestFailedException e)
            when (e.ErrorCode == BlobErrorCode.BlobArchived || e.ErrorCode == BlobErrorCode.BlobBeingRehydrated)
        {
            throw new ImageRejectedException(
                ImageRejection.Archived,
                $"Image '{request.Image}' is in the archive tier and cannot be read: move it to the hot or cool tier, which takes "
                    + $"hours, then rescore it.",
                e
            );
        }
    }

    // If the live model cannot be loaded, the cause is never the image: this is an infrastructure fault. If a model that the request names
    // cannot be loaded, the request may be wrong: the error uses a delivery attempt.
    private async Task<ModelLease> LeaseAsync(string? id, CancellationToken cancellation)
    {
        try
        {
            return await _models.GetAsync(id, cancellation);
        }
        catch (Exception e) when (id is null && e is not OperationCanceledException)
        {
            throw new InfrastructureException(e.Message, e);
        }
    }

    private static byte[] Draw(RgbImage photo, Judgement judgement, CameraProfile profile)
    {
        if (profile.Mask is not { } mask)
        {
            Heatmap.DrawOver(photo, judgement.Map, judgement.Scale);
            return ImageEncoder.Jpeg(photo);
        }

        RgbImage heatmap = Heatmap.Overlay(photo, judgement.Map, judgement.Scale);
        mask.Uncover(heatmap, photo);
        return ImageEncoder.Jpeg(heatmap);
    }

    private async Task<ScoredImage> FailAsync(ResultDocument result, string code, string message, CancellationToken cancellation)
    {
        result = result with { Failure = new FailurePart(code, message), ScoredAt = _time.GetUtcNow() };
        await _results.WriteAsync(result, cancellation);
        Metrics.Scored(Verdict.Failed, result.Model.Id);
        Metrics.Failure(code);
        Log.Failed(_logger, result.Image.Name, code, message);
        return new ScoredImage(result);
    }

    private static Scored Message(ScoreRequested request, ResultDocument result) =>
        new()
        {
            Image = result.Image.Name,
            ETag = result.Image.RequiredETag,
            Camera = result.Image.RequiredCamera,
            ObjectClass = result.Image.ObjectClass,
            Part = result.Image.Part,
            Model = result.Model.Id,
            Detection = result.Score.Detection ?? 0, // a result with a score has all of these numbers
            MapMax = result.Score.MapMax ?? 0,
            Raw = result.Score.Raw ?? 0,
            Calibrated = result.Score.Calibrated ?? 0,
            Threshold = result.Score.Threshold ?? 0,
            Verdict = result.Score.RequiredVerdict,
            Generated = result.Generated,
            Peak = result.Regions?.Count > 0 ? result.Regions[0] : null,
            Regions = result.Regions?.Count ?? 0,
            Result = result.Image.Version.Result(result.Model.Id),
            Heatmap = result.Heatmap,
            ImageTime = result.Image.StoredAt ?? request.EnqueuedAt,
            EnqueuedAt = request.EnqueuedAt,
            ScoredAt = result.ScoredAt,
            Traceparent = result.Traceparent,
            Job = result.Job,
        };

    private double Lap(ref long start)
    {
        long now = _time.GetTimestamp();
        double milliseconds = _time.GetElapsedTime(start, now).TotalMilliseconds;
        start = now;
        return Math.Round(milliseconds, 1);
    }

    private static long Total(TimingsPart timings) =>
        (long)((timings.Download ?? 0) + (timings.Decode ?? 0) + (timings.Infer ?? 0) + (timings.Write ?? 0));

    private static string Unquoted(ETag etag) => etag.ToString().Trim('"');

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Scored {Image}: {Score:F3}, {Verdict}, model {Model}, {Milliseconds} ms.")]
        public static partial void Scored(ILogger logger, string image, double score, Verdict verdict, string model, long milliseconds);

        [LoggerMessage(2, LogLevel.Information, "Skipped {Image}: its current version {ETag} is already scored.")]
        public static partial void ScoredBefore(ILogger logger, string image, string etag);

        [LoggerMessage(4, LogLevel.Information, "Version {ETag} of {Image} no longer exists: its current version {Present} is scored.")]
        public static partial void Changed(ILogger logger, string image, string etag, string present);

        [LoggerMessage(3, LogLevel.Warning, "Failed {Image}: {Code}. {Message}")]
        public static partial void Failed(ILogger logger, string image, string code, string message);

        [LoggerMessage(
            21,
            LogLevel.Warning,
            "Images of camera {Camera} are scored by {Model} without its references, which do not fit ({Reason}): calibrate them again."
        )]
        public static partial void ReferencesUnused(ILogger logger, string camera, string model, string reason);

        [LoggerMessage(20, LogLevel.Warning, "{Gap} Until then its images are judged on a generic scale.")]
        public static partial void Uncalibrated(ILogger logger, string gap);
    }
}
