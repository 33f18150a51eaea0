using System.Diagnostics;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>
/// An image has its score: opens, updates or closes the camera's alert by its rule. The steps are those of <see cref="AlertRaiser"/>.
/// </summary>
public sealed class RaiseAlert(CameraProfiles cameras, AlertRaiser alerts, TimeProvider time)
{
    private static readonly AlertRule Off = new(Enabled: false);

    /// <summary>Takes one scored image into account. A failed delivery fails the message, which does not score the image again.</summary>
    [Function(nameof(RaiseAlert))]
    public async Task Run(
        [QueueTrigger(QueueNames.Scored, Connection = StorageConnection.Setting)] Scored scored,
        CancellationToken cancellation
    )
    {
        using Activity? activity = Tracing.Start(nameof(RaiseAlert), scored.Traceparent);
        activity?.SetTag("camera", scored.Camera).SetTag("image", scored.Image);
        Metrics.QueueAge(QueueNames.Scored, scored.ScoredAt, time.GetUtcNow());

        try
        {
            // A camera whose profile is gone has nothing to alert about; its open alert is closed.
            AlertRule rule = (await cameras.GetAsync(cancellation)).Find(scored.Camera)?.Alert ?? Off;
            await alerts.RaiseAsync(scored with { Traceparent = Tracing.Stamp(scored.Traceparent) }, rule, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            activity.Fail(e);
            throw;
        }
    }
}
