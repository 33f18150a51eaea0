namespace AaClip.Cli;

/// <summary>Says what a start waits for: at once on a terminal, elsewhere every few seconds while it takes long.</summary>
internal sealed class StartLine : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ProgressLine _line = new();
    private readonly Timer _timer;
    private string? _what;

    public StartLine() => _timer = new Timer(_ => Show(null), null, Second, Second);

    /// <param name="what">Such as "Azurite to start".</param>
    public void Show(string? what)
    {
        lock (_lock)
        {
            _what = what ?? _what;
            if (_what is not null)
                _line.Show($"Waiting for {_what}", 0, 1, force: what is not null);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _what = null;
            _timer.Dispose();
            _line.Dispose();
        }
    }
}
