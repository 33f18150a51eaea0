using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// A Service Bus topic, over AMQP. Subscriptions filter by the application properties camera, kind, type, objectClass, severity, score,
/// model and verdict; silence has the first three alone, drift the model too. The message id is the event's id, so that the topic's
/// duplicate detection drops a message that is sent again after a lost response.
/// </summary>
internal sealed class TopicAlertSink : IAlertSink
{
    private readonly ServiceBusSender _sender; // disposed of with its client

    public TopicAlertSink(ServiceBusClient client, IOptions<AlertOptions> options)
    {
        _sender = client.CreateSender(options.Value.Topic);
    }

    public string Name => "topic";

    public Task<IReadOnlyList<Reservation>> ReserveAsync(int events, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<Reservation>>([]);

    public async Task SendAsync(
        IReadOnlyList<AlertEvent> events,
        IReadOnlyList<Reservation> places,
        ICollection<string> accepted,
        CancellationToken cancellation
    )
    {
        for (int sent = 0; sent < events.Count; )
        {
            // The client checks the token only between attempts, so wait with WaitAsync. An abandoned batch is empty and has no effect.
            using ServiceBusMessageBatch batch = await _sender.CreateMessageBatchAsync(cancellation).AsTask().WaitAsync(cancellation);
            int end = sent;
            while (end < events.Count && batch.TryAddMessage(Message(events[end])))
                end++;
            if (end == sent)
                throw new InvalidOperationException(
                    $"The alert event '{events[sent].Envelope.Id}' is larger than the {batch.MaxSizeInBytes} bytes that the topic "
                        + $"'{_sender.EntityPath}' accepts: shorten the image's name."
                );
            await _sender.SendMessagesAsync(batch, cancellation);
            for (; sent < end; sent++)
                accepted.Add(events[sent].Envelope.Id);
        }
    }

    private static ServiceBusMessage Message(AlertEvent alert)
    {
        ServiceBusMessage message = new(alert.ToJson())
        {
            MessageId = alert.Envelope.Id,
            Subject = alert.Envelope.Subject,
            CorrelationId = alert.Data.AlertId,
            ContentType = AlertEvent.MediaType,
        };
        foreach ((string name, object value) in alert.Properties)
            message.ApplicationProperties[name] = value;
        return message;
    }
}
