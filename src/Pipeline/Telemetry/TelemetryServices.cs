using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AaClip.Pipeline.Telemetry;

/// <summary>Registers traces, metrics and their destinations.</summary>
public static class TelemetryServices
{
    /// <summary>
    /// Setting with the OTLP endpoint (opentelemetry.io/docs/specs/otel/protocol/exporter); other OTEL_* settings apply too.
    /// </summary>
    public const string EndpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// Always records the spans of <see cref="Tracing"/>, so that messages carry a trace context even without a destination. Sends spans
    /// and <see cref="Metrics"/> by OTLP if <see cref="EndpointSetting"/> is set, to Application Insights if
    /// <see cref="AzureMonitor.ConnectionSetting"/> is set, and to both if both are set. A setting that is not usable, or a destination
    /// that cannot be reached, gives one warning in the log. Remaining telemetry is sent when the services are disposed of.
    /// </summary>
    /// <remarks>
    /// The worker's own spans (UseFunctionsWorkerDefaults) are not used. They would add one span per step, in the trace of the host's call
    /// instead of the image's trace, with exception texts in its status; and the host would no longer forward the worker's log.
    /// </remarks>
    public static IServiceCollection AddAaClipTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        List<Destination> wanted = [.. new[] { Otlp(configuration), AzureMonitor.Of(configuration) }.OfType<Destination>()];
        List<Destination> usable = [.. wanted.Where(d => d.IsUsable(configuration))];
        services.TryAddSingleton(configuration); // the exporters read their settings from it
        OpenTelemetryBuilder telemetry = services
            .AddOpenTelemetry()
            .ConfigureResource(resource =>
            {
                if (string.IsNullOrEmpty(configuration["OTEL_SERVICE_NAME"]))
                    resource.AddService("aaclip");
            });
        telemetry.WithTracing(tracing =>
        {
            tracing.AddSource(Tracing.Name);
            usable.ForEach(d => d.Traces(tracing));
        });
        if (usable.Count > 0)
            telemetry.WithMetrics(metrics =>
            {
                metrics.AddMeter(Tracing.Name);
                usable.ForEach(d => d.Metrics(metrics));
            });
        return wanted.Count == 0
            ? services
            : services.AddHostedService(provider => new TelemetryWarnings(
                usable,
                [.. wanted.Except(usable)],
                provider.GetRequiredService<ILogger<TelemetryWarnings>>()
            ));
    }

    private static Destination? Otlp(IConfiguration configuration)
    {
        string? endpoint = configuration[EndpointSetting];
        return string.IsNullOrWhiteSpace(endpoint)
            ? null
            : new Destination
            {
                Setting = EndpointSetting,
                Expected = "an http or https address such as http://localhost:4317, and other OTEL_EXPORTER_OTLP_* settings that fit it",
                EventSource = "OpenTelemetry-Exporter-OpenTelemetryProtocol",
                // OpenTelemetry would silently use its default address for an invalid one.
                IsWellFormed = Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https",
                Traces = tracing => tracing.AddOtlpExporter(),
                Metrics = metrics => metrics.AddOtlpExporter(),
            };
    }
}
