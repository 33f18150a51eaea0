using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Telemetry;

/// <summary>
/// Says once for each destination that telemetry does not go there: at start where its setting is not usable, later at the first failure
/// that its exporter reports. OpenTelemetry itself tells no logger. Texts of failures stay out, for they may hold a key.
/// </summary>
internal sealed partial class TelemetryWarnings(
    IReadOnlyList<Destination> used,
    IReadOnlyList<Destination> refused,
    ILogger<TelemetryWarnings> logger
) : IHostedService, IDisposable
{
    private Listener? _listener;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (Destination destination in refused)
            Log.NotUsable(logger, destination.Setting, destination.Expected);
        _listener = new Listener(used, logger);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // After the providers, which are made later and send what is left when they are disposed.
    public void Dispose() => _listener?.Dispose();

    private sealed class Listener(IReadOnlyList<Destination> destinations, ILogger logger) : EventListener
    {
        private readonly ConcurrentDictionary<string, bool> _said = [];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (destinations.Any(d => d.EventSource == eventSource.Name))
                EnableEvents(eventSource, EventLevel.Warning);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            foreach (Destination destination in destinations.Where(d => d.EventSource == eventData.EventSource.Name))
                if (_said.TryAdd(destination.Setting, true))
                    Log.NotSent(logger, destination.Setting, eventData.EventName);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "The setting {Setting} is not usable, so no telemetry is sent there; everything else runs. Expected: {Expected}."
        )]
        public static partial void NotUsable(ILogger logger, string setting, string expected);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "Telemetry does not arrive where {Setting} sends it ({Event}); everything else runs. Check setting and network; this is "
                + "said once."
        )]
        public static partial void NotSent(ILogger logger, string setting, string? @event);
    }
}
