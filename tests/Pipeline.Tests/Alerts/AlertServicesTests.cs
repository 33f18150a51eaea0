using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Storage;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Alerts;

public sealed class AlertServicesTests
{
    [Theory]
    [InlineData(null, "queue")]
    [InlineData("line-alerts", "queue topic")]
    public async Task The_topic_gets_alerts_where_one_is_named(string? topic, string expected)
    {
        await using ServiceProvider services = Build(
            ("Alert:Topic", topic),
            ("ServiceBus", "Endpoint=sb://plant.servicebus.windows.net/;SharedAccessKeyName=sender;SharedAccessKey=c2VjcmV0")
        );

        string names = string.Join(' ', services.GetServices<IAlertSink>().Select(sink => sink.Name));

        Assert.Equal(expected, names);
    }

    [Fact]
    public async Task An_identity_reaches_the_topic_too()
    {
        await using ServiceProvider services = Build(
            ("Alert:Topic", "line-alerts"),
            ("ServiceBus:fullyQualifiedNamespace", "plant.servicebus.windows.net"),
            ("ServiceBus:credential", "managedidentity")
        );

        Assert.Equal(2, services.GetServices<IAlertSink>().Count());
    }

    [Theory]
    [InlineData(null, ServiceBusTransportType.AmqpTcp)]
    [InlineData("AmqpTcp", ServiceBusTransportType.AmqpTcp)]
    [InlineData("amqpWebSockets", ServiceBusTransportType.AmqpWebSockets)]
    public async Task The_topic_is_reached_over_the_transport_that_is_set(string? transport, ServiceBusTransportType expected)
    {
        await using ServiceProvider services = Build(
            ("Alert:Topic", "line-alerts"),
            ("Alert:Transport", transport),
            ("ServiceBus:fullyQualifiedNamespace", "plant.servicebus.windows.net")
        );

        ServiceBusClient client = services.GetRequiredService<ServiceBusClient>();

        Assert.Equal((expected, "plant.servicebus.windows.net"), (client.TransportType, client.FullyQualifiedNamespace));
    }

    [Fact]
    public void A_transport_that_is_none_is_refused_at_start()
    {
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() =>
            Build(("Alert:Topic", "line-alerts"), ("Alert:Transport", "https"))
        );

        Assert.Contains("'https' at 'Alert:Transport'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_topic_without_a_connection_is_refused_at_start()
    {
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => Build(("Alert:Topic", "line-alerts")));

        Assert.Contains("ServiceBus__fullyQualifiedNamespace", refused.Message, StringComparison.Ordinal);
        Assert.Contains("remove Alert__Topic", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_connection_string_is_refused_without_repeating_it()
    {
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() =>
            Build(("Alert:Topic", "line-alerts"), ("ServiceBus", "SharedAccessKey=c2VjcmV0"))
        );

        Assert.Contains("The setting ServiceBus is not a connection string", refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Alert:LinkBase", "plant/blobs", "Alert__LinkBase")]
    [InlineData("Alert:LinkBase", "https://plant.blob.core.windows.net?sig=abc", "Alert__LinkBase")]
    [InlineData("Alert:Source", "a b", "Alert__Source")]
    [InlineData("Alert:Transport", "7", "Alert__Transport takes AmqpTcp or AmqpWebSockets")]
    [InlineData("Alert:Webhook", "https://plant.example/alerts", "Alert__WebhookSecret takes at least 16 characters")]
    [InlineData("Alert:Webhook", "plant.example/alerts", "Alert__Webhook takes an https address")]
    [InlineData("Alert:Webhook", "http://plant.example/alerts", "Alert__Webhook takes an https address")]
    [InlineData("Alert:Webhook", "ftp://127.0.0.1/alerts", "Alert__Webhook takes an https address")]
    [InlineData("Alert:Webhook", "https://me:c2VjcmV0@plant.example/", "Alert__Webhook takes an https address")]
    [InlineData("Alert:Mqtt", "plant.example:8883", "Alert__Mqtt takes mqtts://host:8883")]
    [InlineData("Alert:Mqtt", "mqtts://me:c2VjcmV0@plant.example", "Alert__Mqtt takes mqtts://host:8883")]
    [InlineData("Alert:Mqtt", "mqtts://plant.example/alerts", "Alert__Mqtt takes mqtts://host:8883")]
    [InlineData("Alert:MqttTopic", "alerts/#", "Alert__MqttTopic takes a topic such as aaclip/alerts/{camera}")]
    [InlineData("Alert:MqttTopic", "alerts/{line}", "{camera}, {kind}, {severity}, {type} and {class}")]
    [InlineData("Alert:MqttTopic", "$SYS/{camera}", "Alert__MqttTopic")]
    public async Task A_wrong_option_is_refused_by_its_name(string key, string value, string named)
    {
        await using ServiceProvider services = Build((key, value));

        OptionsValidationException refused = Assert.Throws<OptionsValidationException>(() =>
            services.GetRequiredService<IOptions<AlertOptions>>().Value
        );

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://plant.example/alerts?code=1")]
    [InlineData("http://localhost:8080/alerts")]
    [InlineData("http://[::1]:8080/")]
    public async Task The_webhook_gets_alerts_where_one_is_set(string address)
    {
        await using ServiceProvider services = Build(("Alert:Webhook", address), ("Alert:WebhookSecret", "0123456789abcdef"));

        Assert.Equal(["queue", "webhook"], services.GetServices<IAlertSink>().Select(sink => sink.Name));
    }

    [Theory]
    [InlineData("mqtts://plant.example")]
    [InlineData("mqtt://[::1]:1883/")]
    public async Task The_broker_gets_alerts_where_one_is_set(string address)
    {
        await using ServiceProvider services = Build(("Alert:Mqtt", address), ("Alert:MqttTopic", "{class}/{camera}"));

        Assert.Equal(["queue", "mqtt"], services.GetServices<IAlertSink>().Select(sink => sink.Name));
    }

    private static ServiceProvider Build(params (string Key, string? Value)[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                settings
                    .Select(s => KeyValuePair.Create(s.Key, s.Value))
                    .Append(new(StorageConnection.Setting, "UseDevelopmentStorage=true"))
            )
            .Build();
        return new ServiceCollection()
            .AddLogging()
            .AddSingleton(configuration)
            .AddSingleton<StorageClients>()
            .AddAaClipAlerts(configuration)
            .BuildServiceProvider();
    }
}
