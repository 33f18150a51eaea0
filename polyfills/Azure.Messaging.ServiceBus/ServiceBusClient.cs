using Azure.Core;

namespace Azure.Messaging.ServiceBus;

/// <summary>A namespace of Service Bus. One instance serves all threads of a process.</summary>
public class ServiceBusClient : IAsyncDisposable
{
    private readonly SendOperation _operation;

    /// <summary>For tests that derive from it.</summary>
    protected ServiceBusClient()
    {
    }

    /// <summary>Connects with a shared key.</summary>
    public ServiceBusClient(string connectionString)
        : this(connectionString, new ServiceBusClientOptions())
    {
    }

    /// <summary>Connects with a shared key.</summary>
    /// <param name="connectionString">Endpoint=sb://NAME/;SharedAccessKeyName=…;SharedAccessKey=…, or with a SharedAccessSignature.</param>
    /// <exception cref="FormatException">A part of the connection string is missing.</exception>
    public ServiceBusClient(string connectionString, ServiceBusClientOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        ConnectionString parsed = ConnectionString.Parse(connectionString);
        FullyQualifiedNamespace = parsed.Endpoint.Host;
        _operation = new SendOperation(parsed.Endpoint, parsed.Authorize, (options ?? new()).RetryOptions);
    }

    /// <summary>Connects with an identity.</summary>
    /// <param name="fullyQualifiedNamespace">Such as "NAME.servicebus.windows.net".</param>
    public ServiceBusClient(string fullyQualifiedNamespace, TokenCredential credential)
        : this(fullyQualifiedNamespace, credential, new ServiceBusClientOptions())
    {
    }

    /// <summary>Connects with an identity.</summary>
    /// <param name="fullyQualifiedNamespace">Such as "NAME.servicebus.windows.net".</param>
    public ServiceBusClient(string fullyQualifiedNamespace, TokenCredential credential, ServiceBusClientOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(fullyQualifiedNamespace);
        ArgumentNullException.ThrowIfNull(credential);
        if (Uri.CheckHostName(fullyQualifiedNamespace) == UriHostNameType.Unknown)
            throw new ArgumentException($"'{fullyQualifiedNamespace}' is not the name of a host: pass NAME.servicebus.windows.net.", nameof(fullyQualifiedNamespace));
        FullyQualifiedNamespace = fullyQualifiedNamespace;
        TokenRequestContext scope = new(["https://servicebus.azure.net/.default"]);
        _operation = new SendOperation(
            new UriBuilder(Uri.UriSchemeHttps, fullyQualifiedNamespace).Uri,
            async (_, cancellation) => "Bearer " + (await credential.GetTokenAsync(scope, cancellation).ConfigureAwait(false)).Token,
            (options ?? new()).RetryOptions);
    }

    /// <summary>Host of the namespace.</summary>
    public virtual string FullyQualifiedNamespace { get; }

    /// <summary>Closed by <see cref="DisposeAsync"/>.</summary>
    public virtual bool IsClosed { get; private set; }

    /// <summary>A sender to a queue or topic.</summary>
    public virtual ServiceBusSender CreateSender(string queueOrTopicName)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return new ServiceBusSender(this, queueOrTopicName);
    }

    /// <summary>Closes the client.</summary>
    public virtual ValueTask DisposeAsync()
    {
        IsClosed = true;
        _operation?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    internal SendOperation Operation => _operation;
}
