using AaClip.LocalHost.Queues;

namespace AaClip.LocalHost.Tests;

public class DoorbellTests
{
    [Fact]
    public void A_ring_wakes_all_who_took_the_next_one_before()
    {
        Doorbell bell = new();
        Task first = bell.Next, second = bell.Next;

        bell.Ring();

        Assert.True(first.IsCompletedSuccessfully && second.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_ring_is_over_for_who_comes_later()
    {
        Doorbell bell = new();

        bell.Ring();
        Task later = bell.Next;

        Assert.False(later.IsCompleted);
    }

    [Fact]
    public void Rings_from_many_threads_lose_nobody()
    {
        Doorbell bell = new();
        Task[] waits = new Task[1000];

        Parallel.For(0, waits.Length, i =>
        {
            waits[i] = bell.Next;
            bell.Ring();
        });

        Assert.All(waits, wait => Assert.True(wait.IsCompletedSuccessfully));
    }
}
