using System.Diagnostics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Raises alerts by the rules of the camera profiles: finds the rule of a camera, and records telemetry. <see cref="AlertRaiser"/> applies
/// the rule and delivers the events.
/// </summary>
public sealed class CameraAlerts(CameraProfiles cameras, AlertRaiser alerts, TimeProvider time)
{
    private static readonly AlertRule Off = new(Enabled: false);

    /// <summary>Applies one scored image. A failed delivery fails the message; its redelivery does not score the image again.</summary>
    public async Task RaiseAsync(Scored scored, CancellationToken cancellation)
    {
        using Activity? span = Tracing.Start("RaiseAlert", scored.Traceparent);
        span?.SetTag("camera", scored.Camera).SetTag("image", scored.Image);
        Metrics.QueueAge(QueueNames.Scored, scored.ScoredAt, time.GetUtcNow());

        try
        {
            // A camera without a profile raises no alerts; an open alert is closed.
            AlertRule rule = (await cameras.GetAsync(cancellation)).Find(scored.Camera)?.Alert ?? Off;
            await alerts.RaiseAsync(scored with { Traceparent = Tracing.Stamp(scored.Traceparent) }, rule, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            span.Fail(e);
            throw;
        }
    }

    /// <summary>Delivers undelivered alerts of all cameras, also of cameras without new images.</summary>
    public async Task SweepAsync(CancellationToken cancellation)
    {
        OutboxState? left = await alerts.SweepAsync(cancellation);
        Metrics.OldestUndelivered(left is null ? TimeSpan.Zero : time.GetUtcNow() - left.Since);
    }
}
