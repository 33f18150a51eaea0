using AaClip.Pipeline.Alerts;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Delivers undelivered alerts, every 30 seconds. The logic is in <see cref="CameraAlerts"/>.</summary>
public sealed class SweepAlerts(CameraAlerts alerts)
{
    /// <summary>Delivers the undelivered alerts of all cameras.</summary>
    [Function(nameof(SweepAlerts))]
    public Task Run([TimerTrigger("*/30 * * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellation) =>
        alerts.SweepAsync(cancellation);
}
