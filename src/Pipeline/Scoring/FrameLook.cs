using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using AaClip.Pipeline.Timelines;
using AaClip.Scoring.Images;

namespace AaClip.Pipeline.Scoring;

/// <summary>
/// The feature of a new image that is a frame of its camera's sequence. It is stored before the image's result, so that an image with a
/// result has a feature, or never gets one.
/// </summary>
internal sealed record FrameLook(string Model, FrameFeature Feature)
{
    /// <summary>
    /// Asks the temporal model. Whatever goes wrong with it, the image is scored as without, and is no part of the time line:
    /// <see cref="EventModelHost"/> logs why. A job of mode timeline can add it later.
    /// </summary>
    /// <returns>Null if it cannot be asked.</returns>
    public static async Task<FrameLook?> AskAsync(RgbImage image, CameraEvents rule, EventModelHost models, CancellationToken cancellation)
    {
        FrameLook? look = null;
        try
        {
            look = new FrameLook(rule.Model, await models.FeatureAsync(rule.Model, image, cancellation));
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // see above
        }

        Metrics.Frame(look is null ? "unavailable" : "seen", rule.Model);
        return look;
    }

    /// <summary>The message about a frame that has a feature.</summary>
    /// <returns>Null if it has none.</returns>
    public static async Task<FrameSeen?> MessageAsync(
        FeatureStore features,
        CameraEvents rule,
        ResultDocument result,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        await features.FindAsync(rule.Model, result.Image.Version, cancellation) is { } found
            ? new FrameSeen
            {
                Image = found.Frame.Image,
                ETag = found.Frame.ETag,
                Camera = result.Image.RequiredCamera,
                ImageTime = found.Frame.Time,
                Model = rule.Model,
                Length = found.Length,
                Feature = FeatureStore.NameOf(rule.Model, found.Frame.Version),
                EnqueuedAt = now,
                Traceparent = result.Traceparent,
            }
            : null;
}
