using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// The storage queue "alerts": an event a message, each exactly once. A queue takes whatever comes, so a message is first put hidden and
/// empty, for as long as storage allows; its id and receipt are stored with the change; then the event is written into it and it becomes
/// visible:
/// <code>
/// put, hidden ─► receipt stored ─► filled and shown ─► marked as delivered
///      └ crash: never seen, expires      └ crash: the receipt fills it       └ crash: the receipt no longer fits, so it was shown
/// </code>
/// </summary>
internal sealed class QueueAlertSink : IAlertSink
{
    // The longest that a message can be hidden. Its life is a second more: one that nobody fills is not seen before it ends.
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
        DateTimeOffset until = _time.GetUtcNow() + Hidden - TimeSpan.FromDays(1); // a day before it ends a new one is made
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
                // It was shown before, by this worker or by one that died; a receiver may have taken it already.
            }

            accepted.Add(events[i].Envelope.Id);
        }
    }
}
