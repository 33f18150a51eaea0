using OpenTelemetry;

namespace Microsoft.Azure.Functions.Worker.OpenTelemetry;

/// <summary>OpenTelemetry for a function app.</summary>
public static class ConfigureFunctionsOpenTelemetry
{
    /// <summary>Adds the worker's activities and resource. There is no worker here: adds nothing.</summary>
    public static IOpenTelemetryBuilder UseFunctionsWorkerDefaults(this IOpenTelemetryBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder;
    }
}
