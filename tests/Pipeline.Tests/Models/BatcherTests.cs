using AaClip.Pipeline.Models;

namespace AaClip.Pipeline.Tests.Models;

public sealed class BatcherTests : IDisposable
{
    private readonly List<int[]> _runs = [];
    private readonly SemaphoreSlim _started = new(0);
    private readonly ManualResetEventSlim _go = new(true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_that_arrive_during_a_run_share_the_next_and_each_gets_its_own_result()
    {
        await using Batcher<int, int> batcher = New(maxSize: 3);
        Task<int> first = await BlockAsync(batcher);
        Task<int>[] others = [.. Enumerable.Range(1, 5).Select(i => batcher.RunAsync(i, true, Cancellation))];

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
        await using Batcher<int, int> batcher = New(maxSize: 8);
        Task<int> first = await BlockAsync(batcher);
        Task<int> good = batcher.RunAsync(1, true, Cancellation),
            bad = batcher.RunAsync(-1, true, Cancellation),
            alsoGood = batcher.RunAsync(2, true, Cancellation);

        _go.Set();

        int[] results = await Task.WhenAll(first, good, alsoGood);
        Assert.Equal([0, 10, 20], results);
        Assert.Equal("bad item", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad)).Message);
    }

    [Fact]
    public async Task A_caller_that_is_cancelled_leaves_and_the_others_stay()
    {
        await using Batcher<int, int> batcher = New(maxSize: 8);
        Task<int> first = await BlockAsync(batcher);
        using CancellationTokenSource leaving = new();
        Task<int> left = batcher.RunAsync(1, true, leaving.Token),
            stayed = batcher.RunAsync(2, true, Cancellation);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left); // at once, while the first run still goes on
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
    }

    [Fact]
    public async Task Urgent_items_go_before_patient_ones()
    {
        await using Batcher<int, int> batcher = New(maxSize: 2);
        Task<int> first = await BlockAsync(batcher);
        Task<int>[] patient = [.. Enumerable.Range(1, 3).Select(i => batcher.RunAsync(i, false, Cancellation))];
        Task<int> urgent = batcher.RunAsync(9, true, Cancellation);

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
        await using Batcher<int, int> batcher = New(maxSize: 2, wait: TimeSpan.FromHours(1));

        int[] results = await Task.WhenAll(batcher.RunAsync(1, true, Cancellation), batcher.RunAsync(2, true, Cancellation));

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
        await using Batcher<int, int> batcher = New(maxSize: 2, wait: TimeSpan.FromMilliseconds(1));

        Assert.Equal(10, await batcher.RunAsync(1, true, Cancellation));
    }

    [Fact]
    public async Task Closing_finishes_the_run_under_way_and_refuses_what_waits()
    {
        Batcher<int, int> batcher = New(maxSize: 1);
        Task<int> running = await BlockAsync(batcher);
        Task<int> waiting = batcher.RunAsync(1, true, Cancellation);

        ValueTask closing = batcher.DisposeAsync();
        _go.Set();
        await closing;

        Assert.Equal(0, await running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => batcher.RunAsync(2, true, Cancellation));
    }

    [Fact]
    public async Task A_thousand_callers_each_get_their_own_result()
    {
        await using Batcher<int, int> batcher = New(maxSize: 7, wait: TimeSpan.FromMilliseconds(1));

        int[] results = await Task.WhenAll(
            Enumerable.Range(0, 1000).Select(i => Task.Run(() => batcher.RunAsync(i, i % 2 == 0, Cancellation), Cancellation))
        );

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => 10 * i), results);
        Assert.All(_runs, r => Assert.InRange(r.Length, 1, 7));
    }

    public void Dispose()
    {
        _started.Dispose();
        _go.Dispose();
    }

    private Batcher<int, int> New(int maxSize, TimeSpan wait = default) => new(Run, maxSize, wait, TimeProvider.System);

    private int[] Run(IReadOnlyList<int> items)
    {
        _started.Release();
        _go.Wait(Cancellation);
        if (items.Any(i => i < 0))
            throw new InvalidOperationException("bad item");
        _runs.Add([.. items]); // one run at a time
        return [.. items.Select(i => 10 * i)];
    }

    // A run that goes on until _go is set.
    private async Task<Task<int>> BlockAsync(Batcher<int, int> batcher)
    {
        _go.Reset();
        Task<int> blocked = batcher.RunAsync(0, true, Cancellation);
        await _started.WaitAsync(Cancellation);
        return blocked;
    }
}
