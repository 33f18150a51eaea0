namespace Azure.Messaging.ServiceBus;

/// <summary>Options of <see cref="ServiceBusClient"/>.</summary>
public class ServiceBusClientOptions
{
    /// <summary>How passing failures are tried again.</summary>
    public ServiceBusRetryOptions RetryOptions { get; set; } = new();
}
