using System.Runtime.InteropServices;

namespace AaClip.Cli.Operate;

/// <summary>The second Ctrl-C: the first asks to finish, this one to end at once.</summary>
internal sealed class Impatience : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;
    private readonly Lock _lock = new();
    private int _count;
    private bool _over;

    public Impatience() =>
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Count), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Count)];

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        lock (_lock)
        {
            _over = true; // a signal may still be on its way
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
