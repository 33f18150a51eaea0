using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace AaClip.Pipeline.Telemetry;

/// <summary>A destination of telemetry.</summary>
internal sealed record Destination
{
    /// <summary>Name of the setting of the destination. Its value may contain a key and is never logged.</summary>
    public required string Setting { get; init; }

    /// <summary>The expected value, as the end of the message "Expected: …".</summary>
    public required string Expected { get; init; }

    /// <summary>Name of the event source to which the exporter writes its errors.</summary>
    public required string EventSource { get; init; }

    /// <summary>Whether the settings are valid.</summary>
    public required bool IsWellFormed { get; init; }

    /// <summary>Adds the exporter of spans.</summary>
    public required Action<TracerProviderBuilder> Traces { get; init; }

    /// <summary>Adds the exporter of metrics.</summary>
    public required Action<MeterProviderBuilder> Metrics { get; init; }

    /// <summary>Creates the exporter once as a test, because a failing exporter would stop the host at start.</summary>
    public bool IsUsable(IConfiguration configuration)
    {
        if (!IsWellFormed)
            return false;
        try
        {
            TracerProviderBuilder trial = Sdk.CreateTracerProviderBuilder().ConfigureServices(s => s.AddSingleton(configuration));
            Traces(trial);
            using TracerProvider made = trial.Build();
            return true;
        }
#pragma warning disable CA1031 // exporters can throw any exception; scoring must run without them
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }
}
