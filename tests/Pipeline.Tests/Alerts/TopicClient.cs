using AaClip.Pipeline.Alerts;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>The client and the sink as the pipeline makes them.</summary>
internal static class TopicClient
{
    public static ServiceBusClient Open(string connection, ServiceBusTransportType transport = ServiceBusTransportType.AmqpTcp)
    {
        KeyValuePair<string, string?> setting = new(ServiceBusConnection.Setting, connection);
        return ServiceBusConnection.Open(new ConfigurationBuilder().AddInMemoryCollection([setting]).Build(), transport);
    }

    public static TopicAlertSink Sink(ServiceBusClient client, string topic) =>
        new(client, Options.Create(new AlertOptions { Topic = topic }));
}
