using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Alerts;

/// <summary>Registers what raises alerts.</summary>
public static class AlertServices
{
    /// <summary>Registers <see cref="AlertRaiser"/> with the queue, and with the topic where Alert__Topic names one. Needs StorageClients and a TimeProvider among the services.</summary>
    /// <exception cref="InvalidOperationException">Alert__Topic is set without a usable connection ServiceBus.</exception>
    public static IServiceCollection AddAaClipAlerts(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);

        services.AddOptionsWithValidateOnStart<AlertOptions, AlertOptionsValidator>().Bind(configuration.GetSection(AlertOptions.Section));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<AlertStore>();
        services.AddSingleton(provider => new AlertRaiser(
            provider.GetRequiredService<AlertStore>(),
            provider.GetServices<IAlertSink>(),
            provider.GetRequiredService<IOptions<AlertOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AlertRaiser>>()));
        services.AddSingleton<IAlertSink, QueueAlertSink>();
        if (!string.IsNullOrWhiteSpace(configuration[$"{AlertOptions.Section}:{nameof(AlertOptions.Topic)}"]))
        {
            var client = ServiceBusConnection.Open(configuration); // now, so that a wrong setting fails at start
            services.AddSingleton(_ => client);
            services.AddSingleton<IAlertSink, TopicAlertSink>();
        }

        return services;
    }
}
