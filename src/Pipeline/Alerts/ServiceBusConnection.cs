using AaClip.Pipeline.Storage;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Configuration;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// How Service Bus is reached: a connection string in ServiceBus, or an identity with ServiceBus__fullyQualifiedNamespace, then
/// ServiceBus__credential ("managedidentity", or absent for whatever identity the machine has) and __clientId of a user-assigned identity.
/// </summary>
public static class ServiceBusConnection
{
    /// <summary>Name of the setting.</summary>
    public const string Setting = "ServiceBus";

    /// <summary>Makes the client; nothing is sent yet.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing or not usable; the message names it.</exception>
    public static ServiceBusClient Open(IConfiguration configuration, ServiceBusTransportType transport)
    {
        // Attempts after 0, 1, 3, 6, 9 and 12 s: a broker that moves is found again within AlertRaiser.SendTime, and one that does not come
        // back is named by its own error before that time is over. Then the queue delivers the message again: five times, over some 80 s.
        ServiceBusClientOptions options = new()
        {
            TransportType = transport,
            RetryOptions = new ServiceBusRetryOptions
            {
                MaxRetries = 5,
                Delay = TimeSpan.FromSeconds(0.5),
                MaxDelay = TimeSpan.FromSeconds(3),
                TryTimeout = TimeSpan.FromSeconds(4),
            },
        };
        if (configuration[Setting] is { Length: > 0 } connection)
        {
            try
            {
                return new ServiceBusClient(connection, options);
            }
            catch (Exception e) when (e is FormatException or ArgumentException)
            {
                // Neither the value nor what was said of it: both may hold the key.
                throw new InvalidOperationException(
                    $"The setting {Setting} is not a connection string of a Service Bus namespace: copy it again, or remove it and "
                        + $"Alert__Topic."
                );
            }
        }

        IConfigurationSection section = configuration.GetSection(Setting);
        return section["fullyQualifiedNamespace"] is { Length: > 0 } name
            ? new ServiceBusClient(name, IdentityCredential.Of(section), options)
            : throw new InvalidOperationException(
                $"Alert__Topic is set, but no Service Bus is: set {Setting} to a connection string or "
                    + $"{Setting}__fullyQualifiedNamespace to NAME.servicebus.windows.net, or remove Alert__Topic."
            );
    }
}
