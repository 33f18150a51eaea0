using System.Text.Json;
using AaClip.Pipeline.Storage;
using Azure.Storage.Queues;

namespace AaClip.Pipeline.Alerts;

/// <summary>The storage queue "alerts": an event a message.</summary>
internal sealed class QueueAlertSink : IAlertSink
{
    private readonly QueueClient _queue;

    public QueueAlertSink(StorageClients storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        _queue = storage.Queue(QueueNames.Alerts);
    }

    public string Name => "queue";

    public async Task SendAsync(IReadOnlyList<AlertEvent> events, ICollection<string> accepted, CancellationToken cancellation)
    {
        foreach (AlertEvent alert in events)
        {
            // Kept until somebody takes it: the default would drop an alert after a week.
            await _queue.SendMessageAsync(BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(alert, AlertJson.Default.AlertEvent)), timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: cancellation).ConfigureAwait(false);
            accepted.Add(alert.Id);
        }
    }
}
