using System.Text.Json;
using AaClip.Pipeline.Alerts;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Operations;

/// <summary>Looks into the alerts queue without taking anything from it.</summary>
internal static class AlertQueue
{
    /// <summary>Most messages that storage shows or hands out at once.</summary>
    public const int MaxMessages = 32;

    private static readonly TimeSpan Hidden = TimeSpan.FromMinutes(1);

    /// <summary>Ids of the events, one for each message.</summary>
    /// <param name="all">Hides every message for a moment to get at those behind; otherwise the first 32 are seen.</param>
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

    /// <returns>Null for what is no alert of ours.</returns>
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
