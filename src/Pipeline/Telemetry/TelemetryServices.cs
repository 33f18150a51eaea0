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

/// <summary>Registers traces and metrics, and where they are sent.</summary>
public static class TelemetryServices
{
    /// <summary>Setting that sends by OTLP (opentelemetry.io/docs/specs/otel/protocol/exporter); other OTEL_* settings apply too.</summary>
    public const string EndpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// Records the spans of <see cref="Tracing"/> always, so that messages carry a trace also where nothing is sent, and sends them and
    /// <see cref="Metrics"/> by OTLP where <see cref="EndpointSetting"/> is set, to Application Insights where
    /// <see cref="AzureMonitor.ConnectionSetting"/> is set, to both where both are. A setting that is not usable, and a destination that is
    /// not reached, is one warning in the log. What is left is sent when the services are disposed.
    /// </summary>
    /// <remarks>
    /// The worker's own spans (UseFunctionsWorkerDefaults) are left out: one more for each step, in the trace of the host's call instead of
    /// the image's, with the text of an exception in its status; and the host would stop to pass on the worker's log.
    /// </remarks>
    public static IServiceCollection AddAaClipTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        List<Destination> wanted = [.. new[] { Otlp(configuration), AzureMonitor.Of(configuration) }.OfType<Destination>()];
        List<Destination> usable = [.. wanted.Where(d => d.IsUsable(configuration))];
        services.TryAddSingleton(configuration); // the exporters read theirs from it
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
                // OpenTelemetry takes its default address for what it cannot read.
                IsWellFormed = Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https",
                Traces = tracing => tracing.AddOtlpExporter(),
                Metrics = metrics => metrics.AddOtlpExporter(),
            };
    }
}
