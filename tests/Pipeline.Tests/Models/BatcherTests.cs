using System.Collections.Concurrent;
using AaClip.Pipeline.Models;

namespace AaClip.Pipeline.Tests.Models;

public sealed class BatcherTests : IDisposable
{
    private readonly List<int[]> _runs = [];
    private readonly ConcurrentBag<Item> _items = [];
    private volatile bool _readAfterDisposal;
    private readonly SemaphoreSlim _started = new(0);
    private readonly ManualResetEventSlim _go = new(true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_that_arrive_during_a_run_share_the_next_and_each_gets_its_own_result()
    {
        await using Batcher<Item, int> batcher = Open(maxSize: 3);
        Task<int> first = await BlockAsync(batcher);
        Task<int>[] others = [.. Enumerable.Range(1, 5).Select(i => batcher.RunAsync(New(i), true, Cancellation))];

        _go.Set();

        Assert.Equal(0, await first);
        int[] results = await Task.WhenAll(others);
        Assert.Equal([10, 20, 30, 40, 50], results);
        Assert.Equal(
            [
                [0],
                [1, 2, 3],
                [4, 5],
            ],
            _runs
        );
    }

    [Fact]
    public async Task A_bad_item_fails_alone()
    {
        await using Batcher<Item, int> batcher = Open(maxSize: 8);
        Task<int> first = await BlockAsync(batcher);
        Task<int> good = batcher.RunAsync(New(1), true, Cancellation),
            bad = batcher.RunAsync(New(-1), true, Cancellation),
            alsoGood = batcher.RunAsync(New(2), true, Cancellation);

        _go.Set();

        int[] results = await Task.WhenAll(first, good, alsoGood);
        Assert.Equal([0, 10, 20], results);
        Assert.Equal("bad item", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad)).Message);
        AssertAllDisposedOnce();
    }

    [Fact]
    public async Task A_caller_that_is_cancelled_leaves_with_its_item_and_the_others_stay()
    {
        await using Batcher<Item, int> batcher = Open(maxSize: 8);
        Task<int> first = await BlockAsync(batcher);
        using CancellationTokenSource leaving = new();
        Task<int> left = batcher.RunAsync(New(1), true, leaving.Token),
            stayed = batcher.RunAsync(New(2), true, Cancellation);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left); // at once, while the first run still goes on
        Assert.Equal([(0, 0), (1, 1), (2, 0)], _items.Select(i => (i.Value, i.Disposals)).Order());
        _go.Set();

        int[] results = await Task.WhenAll(first, stayed);
        Assert.Equal([0, 20], results);
        Assert.Equal(
            [
                [0],
                [2],
            ],
            _runs
        );
        AssertAllDisposedOnce();
    }

    [Fact]
    public async Task An_item_whose_caller_leaves_during_its_run_is_kept_until_the_run_ends()
    {
        Batcher<Item, int> batcher = Open(maxSize: 1);
        using CancellationTokenSource leaving = new();
        Task<int> left = await BlockAsync(batcher, leaving.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal(0, _items.Single().Disposals);
        _go.Set();
        await batcher.DisposeAsync();

        AssertAllDisposedOnce();
    }

    [Fact]
    public async Task Urgent_items_go_before_patient_ones()
    {
        await using Batcher<Item, int> batcher = Open(maxSize: 2);
        Task<int> first = await BlockAsync(batcher);
        Task<int>[] patient = [.. Enumerable.Range(1, 3).Select(i => batcher.RunAsync(New(i), false, Cancellation))];
        Task<int> urgent = batcher.RunAsync(New(9), true, Cancellation);

        _go.Set();

        await Task.WhenAll([first, urgent, .. patient]);
        Assert.Equal(
            [
                [0],
                [9, 1],
                [2, 3],
            ],
            _runs
        );
    }

    [Fact]
    public async Task A_full_batch_does_not_wait_for_the_deadline()
    {
        await using Batcher<Item, int> batcher = Open(maxSize: 2, wait: TimeSpan.FromHours(1));

        int[] results = await Task.WhenAll(batcher.RunAsync(New(1), true, Cancellation), batcher.RunAsync(New(2), true, Cancellation));

        Assert.Equal([10, 20], results);
        Assert.Equal(
            [
                [1, 2],
            ],
            _runs
        );
    }

    [Fact]
    public async Task A_batch_that_does_not_fill_runs_at_the_deadline()
    {
        await using Batcher<Item, int> batcher = Open(maxSize: 2, wait: TimeSpan.FromMilliseconds(1));

        Assert.Equal(10, await batcher.RunAsync(New(1), true, Cancellation).WaitAsync(TimeSpan.FromMinutes(1), Cancellation));
    }

    [Fact]
    public async Task Closing_finishes_the_run_under_way_and_refuses_what_waits()
    {
        Batcher<Item, int> batcher = Open(maxSize: 1);
        Task<int> running = await BlockAsync(batcher);
        Task<int> waiting = batcher.RunAsync(New(1), true, Cancellation);

        ValueTask closing = batcher.DisposeAsync();
        _go.Set();
        await closing;

        Assert.Equal(0, await running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => batcher.RunAsync(New(2), true, Cancellation));
        AssertAllDisposedOnce();
    }

    [Fact]
    public async Task A_thousand_callers_each_get_their_own_result()
    {
        await using Batcher<Item, int> batcher = Open(maxSize: 7, wait: TimeSpan.FromMilliseconds(1));

        int[] results = await Task.WhenAll(
            Enumerable.Range(0, 1000).Select(i => Task.Run(() => batcher.RunAsync(New(i), i % 2 == 0, Cancellation), Cancellation))
        );

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => 10 * i), results);
        Assert.All(_runs, r => Assert.InRange(r.Length, 1, 7));
        AssertAllDisposedOnce();
    }

    [Fact]
    public async Task Of_a_thousand_callers_of_whom_many_leave_each_item_is_disposed_of_once()
    {
        Batcher<Item, int> batcher = Open(maxSize: 3);
        Task[] calls =
        [
            .. Enumerable
                .Range(0, 1000)
                .Select(async i =>
                {
                    using CancellationTokenSource leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
                    Task<int> call = Task.Run(() => batcher.RunAsync(New(i % 5 == 0 ? -1 : i), i % 2 == 0, leaving.Token), Cancellation);
                    if (i % 3 == 0)
                        await leaving.CancelAsync();
                    await call.ContinueWith(_ => { }, Cancellation, TaskContinuationOptions.None, TaskScheduler.Default);
                }),
        ];

        await Task.WhenAll(calls);
        await batcher.DisposeAsync();

        AssertAllDisposedOnce();
    }

    public void Dispose()
    {
        _started.Dispose();
        _go.Dispose();
    }

    private Batcher<Item, int> Open(int maxSize, TimeSpan wait = default) => new(Run, maxSize, wait, TimeProvider.System);

    private Item New(int value)
    {
        Item item = new(value);
        _items.Add(item);
        return item;
    }

    private int[] Run(IReadOnlyList<Item> items)
    {
        _started.Release();
        _go.Wait(Cancellation);
        _readAfterDisposal |= items.Any(i => i.Disposals > 0);
        if (items.Any(i => i.Value < 0))
            throw new InvalidOperationException("bad item");
        _runs.Add([.. items.Select(i => i.Value)]); // one run at a time
        return [.. items.Select(i => 10 * i.Value)];
    }

    private void AssertAllDisposedOnce()
    {
        Assert.False(_readAfterDisposal);
        Assert.All(_items, i => Assert.Equal(1, i.Disposals));
    }

    // A run that goes on until _go is set.
    private async Task<Task<int>> BlockAsync(Batcher<Item, int> batcher, CancellationToken? cancellation = null)
    {
        _go.Reset();
        Task<int> blocked = batcher.RunAsync(New(0), true, cancellation ?? Cancellation);
        await _started.WaitAsync(Cancellation);
        return blocked;
    }

    private sealed class Item(int value) : IDisposable
    {
        private int _disposals;

        public int Value => value;

        public int Disposals => Volatile.Read(ref _disposals);

        public void Dispose() => Interlocked.Increment(ref _disposals);
    }
}
