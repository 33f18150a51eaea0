using AaClip.Pipeline.Scoring;

namespace AaClip.Pipeline.Tests.Scoring;

public sealed class PrecedenceTests
{
    private readonly Precedence _precedence = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void With_nothing_urgent_under_way_nobody_waits() => Assert.True(_precedence.YieldAsync(Cancellation).IsCompletedSuccessfully);

    [Fact]
    public async Task Work_of_jobs_waits_until_the_last_urgent_image_is_done()
    {
        IDisposable first = _precedence.Enter(),
            second = _precedence.Enter();
        Task waiting = _precedence.YieldAsync(Cancellation);

        first.Dispose();
        first.Dispose(); // counts once
        bool early = waiting.IsCompleted;
        second.Dispose();
        await waiting;

        Assert.False(early);
        Assert.True(_precedence.YieldAsync(Cancellation).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Whoever_waits_can_be_cancelled()
    {
        using IDisposable urgent = _precedence.Enter();
        using CancellationTokenSource leaving = new();
        Task waiting = _precedence.YieldAsync(leaving.Token);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
