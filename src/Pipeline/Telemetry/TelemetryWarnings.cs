using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Telemetry;

/// <summary>
/// Logs one warning for each destination that does not receive telemetry: at start if its setting is not usable, later at the first error
/// of its exporter. OpenTelemetry itself does not log errors to a logger. Error texts are left out, because they may contain a key.
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

    // Disposed of after the telemetry providers, which are created later and send remaining telemetry when they are disposed of.
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
            "The setting {Setting} is not usable, so no telemetry is sent there; the pipeline runs without it. Expected: {Expected}."
        )]
        public static partial void NotUsable(ILogger logger, string setting, string expected);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "Telemetry does not reach the destination of {Setting} ({Event}); the pipeline runs without it. Check setting and network. "
                + "This is logged once."
        )]
        public static partial void NotSent(ILogger logger, string setting, string? @event);
    }
}
