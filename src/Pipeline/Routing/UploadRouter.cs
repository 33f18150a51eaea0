using System.Diagnostics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// Handles a stored image: finds its camera's profile and requests a score, or skips it and logs the reason. The camera is the first folder
/// of the name; an image without a folder belongs to camera "default". File extensions are not checked, except by the profile's skip
/// patterns: the decoder detects the format from the content.
/// </summary>
public sealed partial class UploadRouter(
    StorageClients storage,
    CameraProfiles cameras,
    QueueSender sender,
    TimeProvider time,
    ILogger<UploadRouter> logger
)
{
    /// <summary>Routes one upload: sends the request to score it, unless it is skipped.</summary>
    /// <returns>The request that was sent; null if the upload was skipped.</returns>
    public async Task<ScoreRequested?> RouteAsync(BlobCreated upload, CancellationToken cancellation)
    {
        using Activity? span = Tracing.Start("RouteUpload", upload.Traceparent);
        span?.SetTag("image", upload.Name);
        Metrics.QueueAge(QueueNames.Uploads, upload.Time, time.GetUtcNow());

        (string camera, string path) = ImageName.Of(upload.Name);
        CameraProfile? profile = (await cameras.GetAsync(cancellation)).Find(camera);
        if (WhyNot(upload, camera, path, profile) is { } reason)
        {
            Log.Skipped(logger, upload.Name, reason.Text);
            Metrics.Skipped(reason.Code);
            return null;
        }

        // Without an ETag in the event, the current version. Not null: a camera without a profile was skipped above.
        ImageVersion image = new(upload.Name, upload.ETag.Length > 0 ? upload.ETag : "*");
        return await RequestAsync(image, profile!, upload.Traceparent, cancellation);
    }

    /// <summary>Sends the request to score a stored image.</summary>
    internal async Task<ScoreRequested> RequestAsync(
        ImageVersion image,
        CameraProfile profile,
        string? traceparent,
        CancellationToken cancellation
    )
    {
        ScoreRequested request = new()
        {
            Image = image.Image,
            ETag = image.ETag,
            Camera = image.Camera,
            ObjectClass = profile.Class,
            EnqueuedAt = time.GetUtcNow(),
            Traceparent = Tracing.Stamp(traceparent),
        };
        await sender.SendAsync(QueueNames.Score, request, MessageJson.Default.ScoreRequested, cancellation: cancellation);
        Log.Routed(logger, request.Image, request.Camera, request.ObjectClass);
        return request;
    }

    private (string Code, string Text)? WhyNot(BlobCreated upload, string camera, string path, CameraProfile? profile)
    {
        if (upload.EventType != BlobCreated.Type)
            return ("event-type", $"the event is {upload.EventType}, not {BlobCreated.Type}: let the subscription filter by event type");
        if (upload.Container != storage.NameOf(ContainerNames.Images))
            return ("container", $"it is in container '{upload.Container}', not in '{storage.NameOf(ContainerNames.Images)}'");
        if (upload.Bytes == 0)
            return upload.Name.EndsWith('/')
                ? ("folder", "it is the placeholder of a folder")
                : (
                    "empty",
                    $"it has no bytes: {upload.Api ?? "the upload"} creates an empty file or marks a folder; when the bytes are "
                        + $"written, storage sends another event"
                );
        return WhyNot(camera, path, profile);
    }

    /// <summary>Why images of this name are not scored; null if they are.</summary>
    internal static (string Code, string Text)? WhyNot(string camera, string path, CameraProfile? profile)
    {
        if (profile is null)
            return (
                "unknown-camera",
                $"{ContainerNames.Config}/{CameraProfiles.Blob} has no profile for camera '{camera}': add one, or '*' for all others"
            );
        if (profile.SkippedBy(path) is { } pattern)
            return ("pattern", $"its name matches the skip pattern '{pattern}'");
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Routed {Image}: camera {Camera}, class {ObjectClass}.")]
        public static partial void Routed(ILogger logger, string image, string camera, string objectClass);

        [LoggerMessage(2, LogLevel.Information, "Skipped {Image}: {Reason}.")]
        public static partial void Skipped(ILogger logger, string image, string reason);
    }
}
