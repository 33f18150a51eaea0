using System.Data.Common;
using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;

namespace AaClip.Pipeline.Telemetry;

/// <summary>Application Insights as a destination, configured by the same two settings as the Functions host.</summary>
internal static class AzureMonitor
{
    /// <summary>Setting with the connection string of Application Insights.</summary>
    public const string ConnectionSetting = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <summary>
    /// Setting of the authentication: "Authorization=AAD" uses the app's managed identity, ";ClientId=…" a user-assigned one. If absent,
    /// the key in the connection string is used.
    /// </summary>
    public const string AuthenticationSetting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    private const string SamplerSetting = "OTEL_TRACES_SAMPLER";

    /// <returns>Null if no connection string is set.</returns>
    public static Destination? Of(IConfiguration configuration)
    {
        string? connection = configuration[ConnectionSetting],
            authentication = configuration[AuthenticationSetting];
        if (string.IsNullOrWhiteSpace(connection))
            return null;
        bool readable = TryReadCredential(authentication, out TokenCredential? credential);
        // The exporter's default is five traces per second; here all traces are sent, unless one of its samplers is set.
        bool sampled = configuration[SamplerSetting]?.StartsWith("microsoft.", StringComparison.OrdinalIgnoreCase) == true;
        void Configure(AzureMonitorExporterOptions options)
        {
            options.ConnectionString = connection;
            options.Credential = credential;
            options.EnableLiveMetrics = false;
            if (!sampled)
                options.TracesPerSecond = null;
        }

        return new Destination
        {
            Setting = readable ? ConnectionSetting : AuthenticationSetting,
            Expected = readable
                ? "InstrumentationKey=…;IngestionEndpoint=https://…, as Application Insights shows it"
                : "Authorization=AAD, or Authorization=AAD;ClientId=… for a user-assigned identity",
            EventSource = "OpenTelemetry-AzureMonitor-Exporter",
            IsWellFormed = readable,
            Traces = tracing => tracing.AddAzureMonitorTraceExporter(Configure),
            Metrics = metrics => metrics.AddAzureMonitorMetricExporter(Configure),
        };
    }

    private static bool TryReadCredential(string? authentication, out TokenCredential? credential)
    {
        credential = null;
        if (string.IsNullOrWhiteSpace(authentication))
            return true;
        try
        {
            DbConnectionStringBuilder parts = new() { ConnectionString = authentication };
            if (!parts.TryGetValue("Authorization", out object? kind) || !"AAD".Equals(kind as string, StringComparison.OrdinalIgnoreCase))
                return false;
            string? client = parts.TryGetValue("ClientId", out object? id) ? id as string : null;
            credential = new ManagedIdentityCredential(
                string.IsNullOrEmpty(client) ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(client)
            );
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
