namespace AaClip.Pipeline.Resilience;

/// <summary>
/// A value that is read again after some time. While one caller reads it, the others use the one that was read before; if there is none,
/// they wait. Thread-safe.
/// </summary>
/// <param name="every">How long a value is used without another look.</param>
internal sealed class Refreshed<T>(TimeSpan every, TimeProvider time) : IDisposable
    where T : class
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile Snapshot? _snapshot;

    /// <summary>The value that was read last; null before the first, and after <see cref="Forget"/>.</summary>
    public T? Known => _snapshot?.Value;

    /// <summary>Returns the value, which is read if it is time.</summary>
    /// <param name="read">Reads it. Gets the one that was read before, and returns that where nothing has changed; may throw.</param>
    public async Task<T> GetAsync(Func<T?, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        if (Fresh() is { } fresh)
            return fresh;
        T? known = Known;
        if (!await _one.WaitAsync(known is null ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, cancellation))
            return known!; // not null: without a known value the wait has no time-out
        try
        {
            if (Fresh() is { } meanwhile)
                return meanwhile;
            long now = time.GetTimestamp();
            T value = await read(Known, cancellation);
            _snapshot = new Snapshot(value, now);
            return value;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Makes the next caller read the value, and the others wait for it.</summary>
    public void Forget() => _snapshot = null;

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private T? Fresh() => _snapshot is { } known && time.GetElapsedTime(known.LookedAt) < every ? known.Value : null;

    private sealed record Snapshot(T Value, long LookedAt);
}
