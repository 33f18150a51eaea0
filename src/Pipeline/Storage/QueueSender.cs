using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure.Storage.Queues;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// Sends all messages between steps, so that none of them expires: storage deletes a message after seven days unless it is told otherwise,
/// and a worker may stand still for longer. (The output bindings of functions cannot tell it, so steps send by themselves.)
/// </summary>
public sealed class QueueSender(StorageClients storage)
{
    private static readonly TimeSpan Never = TimeSpan.FromSeconds(-1); // as storage writes it

    /// <summary>Sends a message.</summary>
    /// <param name="queue">Of <see cref="QueueNames"/>.</param>
    /// <param name="delay">Until it is seen, in whole seconds; default at once.</param>
    public Task SendAsync<T>(
        string queue,
        T message,
        JsonTypeInfo<T> type,
        TimeSpan delay = default,
        CancellationToken cancellation = default
    ) => SendAsync(queue, BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(message, type)), delay, cancellation);

    /// <summary>Sends a text.</summary>
    public Task SendAsync(string queue, string text, TimeSpan delay = default, CancellationToken cancellation = default) =>
        SendAsync(queue, BinaryData.FromString(text), delay, cancellation);

    private async Task SendAsync(string queue, BinaryData body, TimeSpan delay, CancellationToken cancellation)
    {
        QueueClient client = storage.Queue(queue);
        await client.SendMessageAsync(body, delay, Never, cancellation);
    }
}
