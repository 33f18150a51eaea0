using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Events;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Looks for events in the sequences of cameras. The logic is in <see cref="EventWatch"/>.</summary>
public sealed class WatchEvents(EventWatch watch)
{
    /// <summary>Handles a frame that has a feature.</summary>
    [Function(nameof(WatchEvents))]
    public Task Frame(
        [QueueTrigger(QueueNames.Events, Connection = StorageConnection.Setting)] FrameSeen seen,
        CancellationToken cancellation
    ) => watch.SeeAsync(seen, cancellation);

    /// <summary>Closes windows that get no more frames, every 30 seconds.</summary>
    [Function("CloseTimelines")]
    public Task Close([TimerTrigger("15,45 * * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellation) =>
        watch.SweepAsync(cancellation);
}
