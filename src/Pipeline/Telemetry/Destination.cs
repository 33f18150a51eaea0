using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace AaClip.Pipeline.Telemetry;

/// <summary>Where telemetry is sent.</summary>
internal sealed record Destination
{
    /// <summary>The setting that names it. Its value may hold a key and is in no message.</summary>
    public required string Setting { get; init; }

    /// <summary>What the setting should be: the end of "expected ...".</summary>
    public required string Expected { get; init; }

    /// <summary>Where the exporter reports its failures.</summary>
    public required string EventSource { get; init; }

    /// <summary>Whether the settings can be read.</summary>
    public required bool IsWellFormed { get; init; }

    /// <summary>Adds the exporter of spans.</summary>
    public required Action<TracerProviderBuilder> Traces { get; init; }

    /// <summary>Adds the exporter of metrics.</summary>
    public required Action<MeterProviderBuilder> Metrics { get; init; }

    /// <summary>Makes the exporter once, for one that cannot be made would end the host at its start.</summary>
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
#pragma warning disable CA1031 // exporters throw whatever their parsers throw; scoring goes on without them
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }
}
