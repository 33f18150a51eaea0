namespace AaClip.Cli;

/// <summary>
/// Says on standard error what the start waits for: every 5 seconds, and on a terminal also at once. Writes whole lines, because the
/// functions log at the same time.
/// </summary>
internal sealed class StartLine : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly bool _terminal = !Console.IsErrorRedirected;
    private readonly Timer _timer;
    private volatile string? _what;

    public StartLine() => _timer = new Timer(_ => Write(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <param name="what">Such as "Azurite to start".</param>
    public void Show(string what)
    {
        _what = what;
        _timer.Change(Interval, Interval);
        if (_terminal)
            Write();
    }

    public void Dispose()
    {
        _what = null;
        _timer.Dispose();
    }

    private void Write()
    {
        if (_what is { } what)
            Console.Error.WriteLine($"Waiting for {what}.");
    }
}
