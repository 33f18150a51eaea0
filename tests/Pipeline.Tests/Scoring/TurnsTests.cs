using AaClip.Pipeline.Scoring;

namespace AaClip.Pipeline.Tests.Scoring;

public class TurnsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Callers_of_one_key_work_one_after_another_and_none_is_forgotten()
    {
        Turns<string> turns = new();
        int inside = 0,
            most = 0,
            done = 0;

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 200),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation },
            async (_, token) =>
            {
                using IDisposable turn = await turns.TakeAsync("a", token);
                most = Math.Max(most, Interlocked.Increment(ref inside));
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                Interlocked.Increment(ref done);
            }
        );

        Assert.Equal((1, 200), (most, done));
    }

    [Fact]
    public async Task Another_key_does_not_wait_and_a_caller_who_leaves_holds_up_nobody()
    {
        Turns<string> turns = new();
        IDisposable first = await turns.TakeAsync("a", Cancellation);
        using CancellationTokenSource leaving = new();

        using (await turns.TakeAsync("b", Cancellation)) { }
        Task<IDisposable> left = turns.TakeAsync("a", leaving.Token);
        Task<IDisposable> waiting = turns.TakeAsync("a", Cancellation);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.False(waiting.IsCompleted);
        first.Dispose();
        first.Dispose(); // a second time ends nobody else's turn

        using IDisposable second = await waiting;
        Assert.False(turns.TakeAsync("a", Cancellation).IsCompleted);
    }
}
