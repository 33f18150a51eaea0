namespace AaClip.Pipeline.Scoring;

/// <summary>
/// Pauses the work of jobs, between its steps, while new images are being scored. Each pause has a maximum, so that a busy production line
/// does not stop every job.
/// </summary>
internal sealed class Precedence
{
    private static readonly TimeSpan MaxYield = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private TaskCompletionSource? _quiet; // null while no urgent work runs
    private int _urgent;

    /// <summary>Starts urgent work; disposing of the returned object ends it.</summary>
    public IDisposable Enter()
    {
        lock (_lock)
        {
            _urgent++;
            _quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new Scope(this);
    }

    /// <summary>Waits until no urgent work runs, but not longer than the maximum pause.</summary>
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
            // The maximum pause is over: continue.
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
