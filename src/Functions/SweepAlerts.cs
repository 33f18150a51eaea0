using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Telemetry;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Every half minute: delivers alerts that a receiver lacks, whether their cameras have new images or not.</summary>
public sealed class SweepAlerts(AlertRaiser alerts, TimeProvider time)
{
    /// <summary>Sweeps once.</summary>
    [Function(nameof(SweepAlerts))]
    public async Task Run([TimerTrigger("*/30 * * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellation)
    {
        OutboxState? left = await alerts.SweepAsync(cancellation);
        Metrics.OldestUndelivered(left is null ? TimeSpan.Zero : time.GetUtcNow() - left.Since);
    }
}
