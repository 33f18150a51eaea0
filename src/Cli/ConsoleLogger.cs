using Microsoft.Extensions.Logging;

namespace AaClip.Cli;

/// <summary>Writes warnings and errors of the library to standard error, one line each.</summary>
internal sealed class ConsoleLogger(ProgressLine progress) : ILogger
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
        if (!IsEnabled(logLevel))
            return;
        progress.Clear();
        Console.Error.WriteLine($"warning: {formatter(state, exception)}");
    }
}
