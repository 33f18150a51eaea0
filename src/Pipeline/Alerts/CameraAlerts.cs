using System.Diagnostics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Alerts of the cameras as their profiles say: finds the rule, and tells telemetry. What a rule makes of an image, and how it is
/// delivered, is in <see cref="AlertRaiser"/>.
/// </summary>
public sealed class CameraAlerts(CameraProfiles cameras, AlertRaiser alerts, TimeProvider time)
{
    private static readonly AlertRule Off = new(Enabled: false);

    /// <summary>
    /// Takes one scored image into account. A failed delivery fails the message, which does not score the image again.
    /// </summary>
    public async Task RaiseAsync(Scored scored, CancellationToken cancellation)
    {
        using Activity? span = Tracing.Start("RaiseAlert", scored.Traceparent);
        span?.SetTag("camera", scored.Camera).SetTag("image", scored.Image);
        Metrics.QueueAge(QueueNames.Scored, scored.ScoredAt, time.GetUtcNow());

        try
        {
            // A camera whose profile is gone has nothing to alert about; its open alert is closed.
            AlertRule rule = (await cameras.GetAsync(cancellation)).Find(scored.Camera)?.Alert ?? Off;
            await alerts.RaiseAsync(scored with { Traceparent = Tracing.Stamp(scored.Traceparent) }, rule, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            span.Fail(e);
            throw;
        }
    }

    /// <summary>Delivers what receivers lack, whether their cameras have new images or not.</summary>
    public async Task SweepAsync(CancellationToken cancellation)
    {
        OutboxState? left = await alerts.SweepAsync(cancellation);
        Metrics.OldestUndelivered(left is null ? TimeSpan.Zero : time.GetUtcNow() - left.Since);
    }
}
