namespace Azure.Messaging.ServiceBus;

/// <summary>Sends to one queue or topic.</summary>
public class ServiceBusSender : IAsyncDisposable
{
    private readonly ServiceBusClient _client;

    /// <summary>For tests that derive from it.</summary>
    protected ServiceBusSender()
    {
    }

    /// <summary>Made by <see cref="ServiceBusClient.CreateSender(string)"/>.</summary>
    protected internal ServiceBusSender(ServiceBusClient client, string queueOrTopicName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(queueOrTopicName);
        _client = client;
        EntityPath = queueOrTopicName;
    }

    /// <summary>Host of the namespace.</summary>
    public virtual string FullyQualifiedNamespace => _client.FullyQualifiedNamespace;

    /// <summary>The queue or topic.</summary>
    public virtual string EntityPath { get; }

    /// <summary>Closed by <see cref="CloseAsync"/>.</summary>
    public virtual bool IsClosed { get; private set; }

    /// <summary>Sends a message.</summary>
    /// <exception cref="ServiceBusException">It was not accepted.</exception>
    /// <exception cref="UnauthorizedAccessException">The key or the identity may not send.</exception>
    public virtual Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return SendAsync([message], cancellationToken);
    }

    /// <summary>Sends messages in one operation: all or none.</summary>
    /// <exception cref="ServiceBusException">They were not accepted.</exception>
    public virtual Task SendMessagesAsync(IEnumerable<ServiceBusMessage> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return SendAsync([.. messages], cancellationToken);
    }

    /// <summary>Sends a batch in one operation: all or none.</summary>
    /// <exception cref="ServiceBusException">It was not accepted.</exception>
    public virtual Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messageBatch);
        return SendAsync(messageBatch.Messages, cancellationToken);
    }

    /// <summary>An empty batch of the largest size.</summary>
    public virtual ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default) =>
        CreateMessageBatchAsync(null, cancellationToken);

    /// <summary>An empty batch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More is asked for than the service takes.</exception>
    public virtual ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CreateMessageBatchOptions options, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        long size = options?.MaxSizeInBytes ?? MessageJson.MaxBytes;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MessageJson.MaxBytes, nameof(options));
        return ValueTask.FromResult(new ServiceBusMessageBatch(size));
    }

    /// <summary>Closes the sender; the client stays open.</summary>
    public virtual Task CloseAsync(CancellationToken cancellationToken = default)
    {
        IsClosed = true;
        return Task.CompletedTask;
    }

    /// <summary>Closes the sender.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    private async Task SendAsync(IReadOnlyList<ServiceBusMessage> messages, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(IsClosed || _client.IsClosed, this);
        if (messages.Count > 0)
            await _client.Operation.SendAsync(EntityPath, messages, cancellation).ConfigureAwait(false);
    }
}
