namespace Azure.Messaging.ServiceBus;

/// <summary>Messages that together are small enough to be sent at once.</summary>
public sealed class ServiceBusMessageBatch : IDisposable
{
    private readonly List<ServiceBusMessage> _messages = [];

    internal ServiceBusMessageBatch(long maxSizeInBytes) => MaxSizeInBytes = maxSizeInBytes;

    /// <summary>The largest size.</summary>
    public long MaxSizeInBytes { get; }

    /// <summary>Size of the messages as they are sent.</summary>
    public long SizeInBytes { get; private set; } = 2; // []

    /// <summary>Number of messages.</summary>
    public int Count => _messages.Count;

    /// <summary>Adds a message, unless the batch would be too large.</summary>
    public bool TryAddMessage(ServiceBusMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        long size = MessageJson.Write([message]).Length - 1; // a comma instead of two brackets
        if (SizeInBytes + size > MaxSizeInBytes)
            return false;
        _messages.Add(message);
        SizeInBytes += size;
        return true;
    }

    /// <summary>Forgets the messages.</summary>
    public void Dispose() => _messages.Clear();

    internal IReadOnlyList<ServiceBusMessage> Messages => _messages;
}

/// <summary>Options of a batch.</summary>
public class CreateMessageBatchOptions
{
    /// <summary>The largest size; what the service takes by default.</summary>
    public long? MaxSizeInBytes { get; set; }
}
