namespace AaClip.Pipeline.Alerts;

/// <summary>What receivers of alerts lack, for health: looked up every 15 seconds at most.</summary>
public sealed class AlertOutbox : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(15);

    private readonly AlertStore _store;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _one = new(1, 1);
    private (OutboxState? State, long LookedAt)? _known;

    internal AlertOutbox(AlertStore store, TimeProvider time) => (_store, _time) = (store, time);

    /// <summary>What is left to deliver; null when every receiver has everything.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage does not answer.</exception>
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

/// <summary>Alerts that a receiver lacks.</summary>
/// <param name="Undelivered">How many changes of alerts.</param>
/// <param name="Cameras">Of how many cameras.</param>
/// <param name="Since">When the oldest was decided.</param>
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
