namespace AaClip.Cli;

/// <summary>
/// Says on standard error what a start waits for: at once on a terminal, elsewhere every few seconds while it takes long. Whole lines, for
/// the functions log meanwhile.
/// </summary>
internal sealed class StartLine : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);

    private readonly bool _terminal = !Console.IsErrorRedirected;
    private readonly Timer _timer;
    private volatile string? _what;

    public StartLine() => _timer = new Timer(_ => Write(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <param name="what">Such as "Azurite to start".</param>
    public void Show(string what)
    {
        _what = what;
        _timer.Change(Long, Long);
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
