using System.Text.Json;
using AaClip.Pipeline.Alerts;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Operations;

/// <summary>Reads the alerts queue without removing messages.</summary>
internal static class AlertQueue
{
    /// <summary>Storage's maximum number of messages in one call.</summary>
    public const int MaxMessages = 32;

    private static readonly TimeSpan Hidden = TimeSpan.FromMinutes(1);

    /// <summary>Reads the id of the event of each message.</summary>
    /// <param name="all">True to read all messages, which hides them for a moment; false to peek at the first 32.</param>
    public static async Task<List<string>> IdsAsync(QueueClient queue, bool all, CancellationToken cancellation)
    {
        if (!all)
            return
            [
                .. (await queue.PeekMessagesAsync(MaxMessages, cancellation)).Value.Select(m => Read(m.Body)?.Envelope.Id).OfType<string>(),
            ];

        List<QueueMessage> taken = [];
        try
        {
            while ((await queue.ReceiveMessagesAsync(MaxMessages, Hidden, cancellation)).Value is { Length: > 0 } messages)
                taken.AddRange(messages);
        }
        finally
        {
            foreach (QueueMessage message in taken)
                await queue.UpdateMessageAsync(
                    message.MessageId,
                    message.PopReceipt,
                    visibilityTimeout: TimeSpan.Zero,
                    cancellationToken: CancellationToken.None
                );
        }

        return [.. taken.DistinctBy(m => m.MessageId).Select(m => Read(m.Body)?.Envelope.Id).OfType<string>()];
    }

    /// <returns>Null if the message is not an alert event.</returns>
    public static AlertEvent? Read(BinaryData body)
    {
        try
        {
            return AlertEvent.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
