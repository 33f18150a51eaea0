using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// The storage queue "alerts": one message per event, exactly once. A storage queue does not detect duplicates. So an empty, hidden message
/// is sent first, with the longest visibility timeout that storage allows; its id and pop receipt are stored with the change; then the
/// event is written into it, and it becomes visible:
/// <code>
/// sent, hidden ─► receipt stored ─► filled, visible ─► marked as delivered
///      └ crash: expires, unused          └ crash: a retry fills it       └ crash: the receipt is invalid, so it was delivered
/// </code>
/// </summary>
internal sealed class QueueAlertSink : IAlertSink
{
    // The maximum visibility timeout. The time to live must be longer; with one second more, an unfilled placeholder is visible for at
    // most one second.
    private static readonly TimeSpan Hidden = TimeSpan.FromDays(7);
    private static readonly TimeSpan Life = Hidden + TimeSpan.FromSeconds(1);

    private readonly QueueClient _queue;
    private readonly TimeProvider _time;

    public QueueAlertSink(StorageClients storage, TimeProvider time)
    {
        _queue = storage.Queue(QueueNames.Alerts);
        _time = time;
    }

    public string Name => "queue";

    public async Task<IReadOnlyList<Reservation>> ReserveAsync(int events, CancellationToken cancellation)
    {
        List<Reservation> places = [];
        DateTimeOffset until = _time.GetUtcNow() + Hidden - TimeSpan.FromDays(1); // a new one is made one day before it ends
        for (int i = 0; i < events; i++)
        {
            SendReceipt put = await _queue.SendMessageAsync(BinaryData.FromString("{}"), Hidden, Life, cancellation);
            places.Add(new Reservation(put.MessageId, put.PopReceipt, until));
        }

        return places;
    }

    public async Task SendAsync(
        IReadOnlyList<AlertEvent> events,
        IReadOnlyList<Reservation> places,
        ICollection<string> accepted,
        CancellationToken cancellation
    )
    {
        for (int i = 0; i < events.Count; i++)
        {
            try
            {
                await _queue.UpdateMessageAsync(places[i].Message, places[i].Receipt, events[i].ToJson(), TimeSpan.Zero, cancellation);
            }
            catch (RequestFailedException e)
                when (e.ErrorCode == QueueErrorCode.PopReceiptMismatch || e.ErrorCode == QueueErrorCode.MessageNotFound)
            {
                // The message is already visible: an earlier delivery filled it. A receiver may have taken it already.
            }

            accepted.Add(events[i].Envelope.Id);
        }
    }
}
