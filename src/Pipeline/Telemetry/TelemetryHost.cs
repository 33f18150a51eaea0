using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AaClip.Pipeline.Telemetry;

/// <summary>Listens to <see cref="Tracing"/> and <see cref="Metrics"/> while the host runs, and exports what is left when it stops.</summary>
internal sealed class TelemetryHost(IConfiguration configuration, bool export) : IHostedService, IDisposable
{
    private OpenTelemetrySdk? _sdk;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _sdk = OpenTelemetrySdk.Create(builder =>
        {
            // The exporter reads its settings from the configuration among the services, which is the environment until now.
            builder.Services.AddSingleton(configuration);
            builder
                .ConfigureResource(resource =>
                {
                    if (string.IsNullOrEmpty(configuration["OTEL_SERVICE_NAME"]))
                        resource.AddService("aaclip");
                })
                .WithTracing(tracing =>
                {
                    tracing.AddSource(Tracing.Name);
                    if (export)
                        tracing.AddOtlpExporter();
                })
                .WithMetrics(metrics =>
                {
                    metrics.AddMeter(Tracing.Name);
                    if (export)
                        metrics.AddOtlpExporter();
                });
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(Dispose, cancellationToken);

    public void Dispose() => Interlocked.Exchange(ref _sdk, null)?.Dispose();
}
