using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Alerts;

/// <summary>Registers the services that raise alerts.</summary>
public static class AlertServices
{
    /// <summary>
    /// Registers <see cref="CameraAlerts"/> and <see cref="CameraWatch"/> with the queue as a receiver, and with topic, webhook and MQTT
    /// broker if Alert__Topic, Alert__Webhook and Alert__Mqtt are set. Needs StorageClients, CameraProfiles and ModelRolesStore among the
    /// services.
    /// </summary>
    /// <exception cref="InvalidOperationException">Alert__Topic is set without a usable connection ServiceBus.</exception>
    public static IServiceCollection AddAaClipAlerts(this IServiceCollection services, IConfiguration configuration)
    {
        IConfigurationSection section = configuration.GetSection(AlertOptions.Section);
        services.AddOptionsWithValidateOnStart<AlertOptions, AlertOptionsValidator>().Bind(section);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<AlertStore>();
        services.AddSingleton(provider => new AlertOutbox(
            provider.GetRequiredService<AlertStore>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton(provider => new AlertRaiser(
            provider.GetRequiredService<AlertStore>(),
            provider.GetServices<IAlertSink>(),
            provider.GetRequiredService<IOptions<AlertOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AlertRaiser>>()
        ));
        services.AddSingleton<IAlertSink, QueueAlertSink>();
        services.AddSingleton<CameraAlerts>();
        services.AddSingleton(provider => new CameraStates(
            provider.GetRequiredService<StorageClients>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton(provider => new CameraWatch(
            provider.GetRequiredService<StorageClients>(),
            provider.GetRequiredService<CameraStates>(),
            provider.GetRequiredService<CameraProfiles>(),
            provider.GetRequiredService<ModelRolesStore>(),
            provider.GetRequiredService<AlertStore>(),
            provider.GetRequiredService<AlertRaiser>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CameraWatch>>()
        ));
        services.AddSingleton(provider => new AlertDesk(
            provider.GetRequiredService<AlertStore>(),
            provider.GetRequiredService<AlertRaiser>()
        ));
        AlertOptions options = section.Get<AlertOptions>() ?? new AlertOptions();
        if (!string.IsNullOrWhiteSpace(options.Topic))
        {
            // Open the client now, so that a wrong setting fails at start.
            ServiceBusClient client = ServiceBusConnection.Open(configuration, options.Transport);
            services.AddSingleton(_ => client);
            services.AddSingleton<IAlertSink, TopicAlertSink>();
        }

        if (options.Webhook.Length > 0)
            services.AddSingleton<IAlertSink, WebhookAlertSink>();
        if (options.Mqtt.Length > 0)
            services.AddSingleton<IAlertSink, MqttAlertSink>();

        return services;
    }
}
