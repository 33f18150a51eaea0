using System.Runtime.InteropServices;

namespace AaClip.Cli.Operate;

/// <summary>Cancels at the second Ctrl-C: the first one lets running work finish, the second one ends it at once.</summary>
internal sealed class SecondInterrupt : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;
    private readonly Lock _lock = new();
    private int _count;
    private bool _over;

    public SecondInterrupt() =>
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Count), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Count)];

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        lock (_lock)
        {
            _over = true; // a signal may still arrive
            _source.Dispose();
        }
    }

    private void Count(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (_lock)
        {
            if (++_count > 1 && !_over)
                _source.Cancel();
        }
    }
}
