using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Tests;

/// <summary>What the sample functions did, in order, and the gate at which slow ones wait.</summary>
public sealed class Recorder
{
    private readonly ConcurrentQueue<string> _lines = [];

    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string[] All => [.. _lines];

    public void Add(string line) => _lines.Enqueue(line);

    /// <summary>Waits until so many lines are there.</summary>
    public async Task<string[]> WaitAsync(int count)
    {
        await Until.TrueAsync(() => Task.FromResult(_lines.Count >= count), $"{count} records", () => string.Join(", ", _lines));
        return All;
    }
}

/// <summary>Waits for an outcome, with a deadline.</summary>
internal static class Until
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static async Task TrueAsync(Func<Task<bool>> outcome, string what, Func<string>? instead = null)
    {
        DateTimeOffset end = TimeProvider.System.GetUtcNow() + Deadline;
        while (!await outcome())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < end, $"Not within {Deadline}: {what}. There is: {instead?.Invoke()}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = [];

    public string[] All => [.. _lines];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

    public void Dispose()
    {
    }
}
