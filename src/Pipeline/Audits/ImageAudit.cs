using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Scoring.Text;
using AaClip.Scoring.Tiles;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Audits;

/// <summary>
/// Audits an image for a job: 1. download the version of the request; 2. decode; 3. score it and its changed copies
/// (<see cref="AuditProbe"/>), with the camera's profile, tiles and references as a new image; 4. store what was measured. A redelivered
/// request finds that and does nothing. Results stay as they are.
/// </summary>
public sealed partial class ImageAudit(
    StoredImages images,
    ImageScoring scoring,
    CameraProfiles cameras,
    CameraReferences references,
    AuditStore audits,
    ILogger<ImageAudit> logger
)
{
    /// <summary>Audits one image.</summary>
    /// <param name="request">With a job and a model.</param>
    /// <exception cref="InfrastructureException">The model or storage failed; the image may be audited later.</exception>
    public async Task RunAsync(ScoreRequested request, CancellationToken cancellation)
    {
        if (request is not { Job: { } job, Model: { } model })
            throw new ArgumentException("An audit needs a job and a model.", nameof(request));
        ImageVersion version = new(request.Image, request.ETag);
        if (await audits.ExistsAsync(job, model, version, cancellation))
            return;
        AuditedImage audited = await scoring.PatientlyAsync(
            model,
            (loaded, yield) => MeasureAsync(request, loaded, yield, cancellation),
            cancellation
        );
        await audits.AddAsync(job, model, audited, cancellation);
        Log.Audited(logger, request.Image, audited.Word, model, job);
    }

    private async Task<AuditedImage> MeasureAsync(
        ScoreRequested request,
        LoadedModel model,
        Func<Task> yield,
        CancellationToken cancellation
    )
    {
        CameraProfile profile = (await cameras.GetAsync(cancellation)).Find(request.Camera) ?? CameraProfile.Default;
        try
        {
            // 1. Download
            await yield();
            (byte[]? bytes, _, string? gone) = await images.DownloadAsync(new(request.Image, request.ETag), cancellation);
            if (bytes is null)
                return new AuditedImage(request.Image, request.ETag, gone!); // without bytes there is a word

            // 2. Decode
            await yield();
            RgbImage image = images.Decode(bytes, request.Image);

            // 3. Score
            return new AuditedImage(
                request.Image,
                request.ETag,
                AuditedImage.Audited,
                await ScoreAsync(image, request, model, profile, yield, cancellation)
            );
        }
        // It has a result, so this can only be another class, profile or limit than before. Or the model gives no numbers for a change
        catch (Exception e) when (e is ImageRejectedException or ClassNameException or InvalidDataException)
        {
            return new AuditedImage(request.Image, request.ETag, AuditedImage.Failed, null, e.Message);
        }
    }

    private async Task<Rises> ScoreAsync(
        RgbImage image,
        ScoreRequested request,
        LoadedModel model,
        CameraProfile profile,
        Func<Task> yield,
        CancellationToken cancellation
    )
    {
        try
        {
            float[] anchors = model.AnchorsOf(request.ObjectClass);
            ReferencePatches? patches = model.TakesReferences
                ? (await references.FindAsync(request.Camera, model.Manifest, request.ObjectClass, profile.TilePlan, cancellation))?.Patches
                : null;
            Calibration calibration = patches?.Calibration ?? model.Manifest.CalibrationFor(request.ObjectClass);
            Tiling? tiling = model.Cut(image, profile.TilePlan) is null ? null : profile.TilePlan;
            return await AuditProbe.MeasureAsync(
                image,
                tiling is null ? model.Manifest.Architecture.ImageSize : null,
                async changed =>
                {
                    Task<ImageScore> run = model.Cut(changed, tiling) is { } tiles
                        ? model.ScoreAsync(tiles, anchors, profile.Domain, patches, urgent: false, cancellation)
                        : model.ScoreAsync(changed, anchors, profile.Domain, patches, urgent: false, cancellation);
                    (int width, int height) = (changed.Width, changed.Height);
                    ImageScore score = await run;
                    return Judgement
                        .Of(score.Map, score.Detection, profile, calibration, width, height, tiles: score.Tiles)
                        .Score.Raw!.Value; // a judgement has one
                },
                yield
            );
        }
        // As for a new image: the cause is not the image but the model, its provider, memory or storage
        catch (Exception e) when (e is not (OperationCanceledException or ClassNameException or InvalidDataException))
        {
            throw new InfrastructureException(Fault.Text(e), e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Audited {Image}: {Word}, model {Model}, job {Job}.")]
        public static partial void Audited(ILogger logger, string image, string word, string model, string job);
    }
}
