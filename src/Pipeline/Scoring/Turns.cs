using System.Collections.Concurrent;

namespace AaClip.Pipeline.Scoring;

/// <summary>Lets one caller at a time work on a key; callers of other keys do not wait. Thread-safe.</summary>
internal sealed class Turns<TKey>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Turn> _held = new();

    /// <summary>Waits for the turn; disposing of the returned object ends it.</summary>
    public async Task<IDisposable> TakeAsync(TKey key, CancellationToken cancellation)
    {
        Turn mine = new(_held, key);
        while (_held.GetOrAdd(key, mine) is var holder && holder != mine)
            await holder.Ended.WaitAsync(cancellation);
        return mine;
    }

    private sealed class Turn(ConcurrentDictionary<TKey, Turn> held, TKey key) : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public void Dispose()
        {
            if (held.TryRemove(KeyValuePair.Create(key, this)))
                _ended.SetResult();
        }
    }
}
