namespace AaClip.Pipeline.Models;

/// <summary>
/// Merges concurrent calls into batches. One batch runs at a time; items that arrive meanwhile wait for the next one. Each caller gets its
/// own result or its own error: if a batch fails, its items are run one by one, so that only the bad item fails. Cancelling one caller does
/// not affect the others. Every item is disposed of exactly once: after its run, or when its caller is cancelled before. The batcher holds
/// at most one item for each waiting caller plus one batch, so a limit on callers is a limit on memory.
/// </summary>
/// <param name="run">Runs a batch synchronously and returns one result per item, in order. Must not keep the items.</param>
/// <param name="maxSize">Maximum items of a batch, at least 1.</param>
/// <param name="maxWait">How long the first item of a batch waits for more; zero takes only the items that already wait.</param>
internal sealed class Batcher<TItem, TResult>(
    Func<IReadOnlyList<TItem>, IReadOnlyList<TResult>> run,
    int maxSize,
    TimeSpan maxWait,
    TimeProvider time
) : IAsyncDisposable
    where TItem : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<Entry> _urgent = new();
    private readonly Queue<Entry> _patient = new();
    private readonly SemaphoreSlim _waiting = new(0); // one permit for each queued entry
    private readonly CancellationTokenSource _stop = new();
    private Task? _loop;
    private bool _closed;

    /// <summary>Queues an item, and waits for its result.</summary>
    /// <param name="item">Owned by the batcher from this call on, also if the call fails: the caller must not dispose of it.</param>
    /// <param name="urgent">Urgent items run before all others.</param>
    /// <exception cref="ObjectDisposedException">The batcher was closed before the item ran.</exception>
    public async Task<TResult> RunAsync(TItem item, bool urgent, CancellationToken cancellation)
    {
        Entry entry = new(item, cancellation);
        try
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                (urgent ? _urgent : _patient).Enqueue(entry);
                if (_loop is null)
                    using (ExecutionContext.SuppressFlow()) // the loop outlives the caller, and must not inherit its trace context
                        _loop = Task.Run(LoopAsync, CancellationToken.None);
            }

            _waiting.Release();
            return await entry.Result.WaitAsync(cancellation);
        }
        finally
        {
            if (entry.TryClaim()) // no batch has taken it, and none will
                item.Dispose();
        }
    }

    /// <summary>Finishes the current batch, and fails the items that wait.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? loop;
        lock (_lock)
        {
            if (_closed)
                return;
            _closed = true;
            loop = _loop;
        }

        await _stop.CancelAsync();
        if (loop is not null)
            await loop;
        foreach (Entry entry in _urgent.Concat(_patient))
            entry.Refuse();
        _stop.Dispose();
        _waiting.Dispose();
    }

    private async Task LoopAsync()
    {
        List<Entry> batch = [];
        while (await CollectAsync(batch))
        {
            batch.RemoveAll(e => e.Cancellation.IsCancellationRequested || !e.TryClaim()); // their callers were cancelled
            if (batch.Count > 0)
                Run(batch);
            batch.Clear();
        }
    }

    /// <returns>False if the batcher is closed.</returns>
    private async Task<bool> CollectAsync(List<Entry> batch)
    {
        try
        {
            await _waiting.WaitAsync(_stop.Token);
            if (maxSize == 1 || maxWait == TimeSpan.Zero)
            {
                do batch.Add(Take());
                while (batch.Count < maxSize && _waiting.Wait(0, CancellationToken.None));
                return true;
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        batch.Add(Take());
        using CancellationTokenSource deadline = new(maxWait, time);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _stop.Token);
        while (batch.Count < maxSize)
        {
            try
            {
                await _waiting.WaitAsync(end.Token);
            }
            catch (OperationCanceledException)
            {
                break; // the wait is over, or the batcher closes: the items taken so far still run
            }

            batch.Add(Take());
        }

        return true;
    }

    private Entry Take()
    {
        lock (_lock)
            return _urgent.TryDequeue(out Entry? entry) ? entry : _patient.Dequeue(); // never empty: each permit stands for one entry
    }

    private void Run(List<Entry> batch)
    {
        IReadOnlyList<TResult> results;
        try
        {
            results = run([.. batch.Select(e => e.Item)]);
        }
#pragma warning disable CA1031 // any error is passed to the caller
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (batch.Count == 1)
                batch[0].Fail(e);
            else
                foreach (Entry entry in batch)
                    Run([entry]);
            return;
        }

        for (int i = 0; i < batch.Count; i++)
            batch[i].Succeed(results[i]);
    }

    private sealed class Entry(TItem item, CancellationToken cancellation)
    {
        private readonly TaskCompletionSource<TResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _claimed;

        public TItem Item => item;

        public CancellationToken Cancellation => cancellation;

        public Task<TResult> Result => _result.Task;

        /// <summary>
        /// Only the first call returns true; that caller must dispose of the item. It is the loop that takes the item, or the caller that
        /// is cancelled before.
        /// </summary>
        public bool TryClaim() => Interlocked.Exchange(ref _claimed, 1) == 0;

        public void Succeed(TResult result)
        {
            item.Dispose();
            _result.TrySetResult(result);
        }

        public void Fail(Exception e)
        {
            item.Dispose();
            _result.TrySetException(e);
        }

        /// <summary>Ends the caller's wait with an error; the caller's wait then disposes of the item.</summary>
        public void Refuse() => _result.TrySetException(new ObjectDisposedException(nameof(Batcher<,>)));
    }
}
