using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AaClip.Cli.Demo;

/// <summary>Keeps warnings and errors of the functions until the table is no longer on the screen.</summary>
internal sealed class WarningLog : ILoggerProvider
{
    private const int Most = 100;
    private readonly ConcurrentQueue<string> _lines = [];

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    /// <summary>Writes the kept lines to standard error and removes them.</summary>
    public void Write()
    {
        while (_lines.TryDequeue(out string? line))
            Console.Error.WriteLine(line);
    }

    public void Dispose() { }

    private sealed class Logger(WarningLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (!IsEnabled(logLevel) || log._lines.Count >= Most)
                return;
            log._lines.Enqueue($"{(logLevel == LogLevel.Warning ? "warning" : "error")}: {formatter(state, exception)}");
        }
    }
}
