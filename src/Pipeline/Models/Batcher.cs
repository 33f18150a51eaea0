namespace AaClip.Pipeline.Models;

/// <summary>
/// Merges concurrent calls into runs. One run at a time; what arrives meanwhile is the next one. Each caller gets its own result or its own
/// error: when a run fails, its items are tried one by one, so that a bad one fails alone. A caller that is cancelled leaves, and the
/// others stay. It disposes of every item exactly once: after its run, or when its caller leaves before that. So it holds no more items
/// than there are callers waiting and places in a run; who bounds the callers bounds the memory.
/// </summary>
/// <param name="run">Gives a result per item, in order; synchronous. Must not keep the items.</param>
/// <param name="maxSize">Most items of a run, at least 1.</param>
/// <param name="maxWait">How long the first item of a run waits for others; zero takes what is there.</param>
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
    private readonly SemaphoreSlim _waiting = new(0); // one for each entry
    private readonly CancellationTokenSource _stop = new();
    private Task? _loop;
    private bool _closed;

    /// <summary>Waits for the item's turn and its result.</summary>
    /// <param name="item">The batcher's from now on, whatever happens: the caller must not dispose of it.</param>
    /// <param name="urgent">Goes before all that is not, within a run and between them.</param>
    /// <exception cref="ObjectDisposedException">The batcher was closed before the item's turn.</exception>
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
                    using (ExecutionContext.SuppressFlow()) // the loop outlives the caller, and must not carry its trace
                        _loop = Task.Run(LoopAsync, CancellationToken.None);
            }

            _waiting.Release();
            return await entry.Result.WaitAsync(cancellation);
        }
        finally
        {
            if (entry.TryClaim()) // no run has it, and none will
                item.Dispose();
        }
    }

    /// <summary>Finishes the run under way and refuses what waits.</summary>
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
            batch.RemoveAll(e => e.Cancellation.IsCancellationRequested || !e.TryClaim()); // their callers have left already
            if (batch.Count > 0)
                Run(batch);
            batch.Clear();
        }
    }

    /// <returns>False when the batcher is closed.</returns>
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
                break; // waited long enough, or closing: what was taken is still run
            }

            batch.Add(Take());
        }

        return true;
    }

    private Entry Take()
    {
        lock (_lock)
            return _urgent.TryDequeue(out Entry? entry) ? entry : _patient.Dequeue(); // a permit stands for an entry
    }

    private void Run(List<Entry> batch)
    {
        IReadOnlyList<TResult> results;
        try
        {
            results = run([.. batch.Select(e => e.Item)]);
        }
#pragma warning disable CA1031 // whatever it is, it belongs to the caller
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

        /// <summary>Whoever gets true disposes of the item: the loop that takes it, or the caller that leaves before.</summary>
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

        /// <summary>Ends the caller's wait, which disposes of the item.</summary>
        public void Refuse() => _result.TrySetException(new ObjectDisposedException(nameof(Batcher<,>)));
    }
}
