using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AaClip.Pipeline.Telemetry;

/// <summary>Registers traces and metrics.</summary>
public static class TelemetryServices
{
    /// <summary>Setting that switches the OTLP exporter on (opentelemetry.io/docs/specs/otel/protocol/exporter).</summary>
    public const string EndpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// Records spans always, so that messages carry a trace even where nothing exports it, and exports them and the metrics by OTLP when
    /// <see cref="EndpointSetting"/> is set. Other OTEL_* settings apply as OpenTelemetry documents them. Call it before other services,
    /// so that it stops after them and exports their last spans.
    /// </summary>
    /// <exception cref="ArgumentException">The endpoint is no http address.</exception>
    public static IServiceCollection AddAaClipTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);

        string? endpoint = configuration[EndpointSetting];
        // The address is not repeated in the text: it may carry a key.
        if (!string.IsNullOrWhiteSpace(endpoint) && !(Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"))
            throw new ArgumentException($"The setting {EndpointSetting} is not an http or https address: write one such as http://localhost:4317, or remove it.", nameof(configuration));

        return services.AddSingleton<IHostedService>(_ => new TelemetryHost(configuration, export: !string.IsNullOrWhiteSpace(endpoint)));
    }
}
