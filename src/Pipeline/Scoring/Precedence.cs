namespace AaClip.Pipeline.Scoring;

/// <summary>
/// Lets work of jobs stand aside, between its steps, while new images are under way: but never for longer than a while, or a busy line
/// would stop every job.
/// </summary>
internal sealed class Precedence
{
    private static readonly TimeSpan MaxYield = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private TaskCompletionSource? _quiet; // null while nothing urgent is under way
    private int _urgent;

    /// <summary>Something urgent begins; it ends when what is returned is disposed of.</summary>
    public IDisposable Enter()
    {
        lock (_lock)
        {
            _urgent++;
            _quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new Scope(this);
    }

    /// <summary>Waits until nothing urgent is under way.</summary>
    public async Task YieldAsync(CancellationToken cancellation)
    {
        Task? quiet;
        lock (_lock)
            quiet = _quiet?.Task;
        if (quiet is null)
            return;
        try
        {
            await quiet.WaitAsync(MaxYield, cancellation);
        }
        catch (TimeoutException)
        {
            // Long enough.
        }
    }

    private void Leave()
    {
        TaskCompletionSource? quiet = null;
        lock (_lock)
            if (--_urgent == 0)
                (quiet, _quiet) = (_quiet, null);
        quiet?.SetResult();
    }

    private sealed class Scope(Precedence owner) : IDisposable
    {
        private Precedence? _owner = owner;

        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Leave();
    }
}
