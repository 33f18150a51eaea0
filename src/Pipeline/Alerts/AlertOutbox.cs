namespace AaClip.Pipeline.Alerts;

/// <summary>Undelivered alerts, for the health report. Read at most every 15 seconds.</summary>
public sealed class AlertOutbox : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(15);

    private readonly AlertStore _store;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _one = new(1, 1);
    private (OutboxState? State, long LookedAt)? _known;

    internal AlertOutbox(AlertStore store, TimeProvider time) => (_store, _time) = (store, time);

    /// <summary>Returns the undelivered changes; null if every receiver has everything.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage does not respond.</exception>
    public async Task<OutboxState?> StateAsync(CancellationToken cancellation = default)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_known is not { } known || _time.GetElapsedTime(known.LookedAt) >= Fresh)
                _known = known = (await OutboxState.OfAsync(_store, cancellation), _time.GetTimestamp());
            return known.State;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();
}

/// <summary>Changes of alerts that are not yet delivered to every receiver.</summary>
/// <param name="Undelivered">Number of these changes.</param>
/// <param name="Cameras">Number of cameras with such changes.</param>
/// <param name="Since">When the oldest of them was decided.</param>
public sealed record OutboxState(int Undelivered, int Cameras, DateTimeOffset Since)
{
    internal static async Task<OutboxState?> OfAsync(AlertStore store, CancellationToken cancellation)
    {
        OutboxState? all = null;
        await foreach (Undelivered camera in store.UndeliveredAsync(cancellation))
            all = new OutboxState(
                (all?.Undelivered ?? 0) + camera.Changes,
                (all?.Cameras ?? 0) + 1,
                all is not null && all.Since < camera.Since ? all.Since : camera.Since
            );
        return all;
    }
}
