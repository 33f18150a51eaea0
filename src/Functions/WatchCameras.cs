using AaClip.Pipeline.Alerts;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Looks for cameras that are silent or whose scores drift, every minute. The logic is in <see cref="CameraWatch"/>.</summary>
public sealed class WatchCameras(CameraWatch watch)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40); // the next run goes on

    /// <summary>Looks at the cameras that are due, for less than a minute.</summary>
    [Function(nameof(WatchCameras))]
    public Task Run([TimerTrigger("15 * * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellation) =>
        watch.RunAsync(Limit, cancellation);
}
