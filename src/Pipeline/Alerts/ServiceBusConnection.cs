using AaClip.Pipeline.Storage;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Configuration;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Connects to Service Bus: with a connection string in ServiceBus, or with an identity: ServiceBus__fullyQualifiedNamespace, then
/// ServiceBus__credential ("managedidentity", or absent for the machine's default identity) and __clientId of a user-assigned identity.
/// </summary>
public static class ServiceBusConnection
{
    /// <summary>Name of the setting.</summary>
    public const string Setting = "ServiceBus";

    /// <summary>Creates the client; sends nothing yet.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing or not usable; the message names it.</exception>
    public static ServiceBusClient Open(IConfiguration configuration, ServiceBusTransportType transport)
    {
        // Attempts at about 0, 1, 3, 6, 9 and 12 s: a broker that restarts or moves is reached within AlertRaiser.SendTime; if it stays
        // down, its own error is thrown before that time ends. Then the queue redelivers the message: five deliveries in about 80 s.
        ServiceBusClientOptions options = new()
        {
            TransportType = transport,
            RetryOptions = new ServiceBusRetryOptions
            {
                MaxRetries = SendRetry.Retries,
                Delay = SendRetry.FirstWait,
                MaxDelay = SendRetry.LongestWait,
                TryTimeout = SendRetry.TryTime,
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
                // Leave out the value and the original error: both may contain the key.
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
                $"Alert__Topic is set, but there is no connection to Service Bus: set {Setting} to a connection string or "
                    + $"{Setting}__fullyQualifiedNamespace to NAME.servicebus.windows.net, or remove Alert__Topic."
            );
    }
}
