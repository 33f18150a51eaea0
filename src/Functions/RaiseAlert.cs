using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>
/// Handles a scored image: opens, updates or closes the camera's alert by its rule. The logic is in <see cref="CameraAlerts"/>.
/// </summary>
public sealed class RaiseAlert(CameraAlerts alerts)
{
    /// <summary>Applies one scored image.</summary>
    [Function(nameof(RaiseAlert))]
    public Task Run(
        [QueueTrigger(QueueNames.Scored, Connection = StorageConnection.Setting)] Scored scored,
        CancellationToken cancellation
    ) => alerts.RaiseAsync(scored, cancellation);
}
