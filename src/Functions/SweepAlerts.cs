using AaClip.Pipeline.Alerts;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Every half minute: delivers alerts that a receiver lacks. The step is <see cref="CameraAlerts"/>.</summary>
public sealed class SweepAlerts(CameraAlerts alerts)
{
    /// <summary>Sweeps once.</summary>
    [Function(nameof(SweepAlerts))]
    public Task Run([TimerTrigger("*/30 * * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellation) =>
        alerts.SweepAsync(cancellation);
}
