using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure.Storage.Queues;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// Sends all messages between steps, without expiry: by default, storage deletes a message after seven days, and a worker can be stopped
/// for longer. Output bindings of functions cannot set this, so steps send their own messages.
/// </summary>
public sealed class QueueSender(StorageClients storage)
{
    private static readonly TimeSpan Never = TimeSpan.FromSeconds(-1); // storage's value for "does not expire"

    /// <summary>Sends a message.</summary>
    /// <param name="queue">One of <see cref="QueueNames"/>.</param>
    /// <param name="delay">Initial visibility timeout, in whole seconds; default none.</param>
    public Task SendAsync<T>(
        string queue,
        T message,
        JsonTypeInfo<T> type,
        TimeSpan delay = default,
        CancellationToken cancellation = default
    ) => SendAsync(queue, BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(message, type)), delay, cancellation);

    /// <summary>Sends a message with this text.</summary>
    public Task SendAsync(string queue, string text, TimeSpan delay = default, CancellationToken cancellation = default) =>
        SendAsync(queue, BinaryData.FromString(text), delay, cancellation);

    private async Task SendAsync(string queue, BinaryData body, TimeSpan delay, CancellationToken cancellation)
    {
        QueueClient client = storage.Queue(queue);
        await client.SendMessageAsync(body, delay, Never, cancellation);
    }
}
