using AaClip.Pipeline.Operations;

namespace AaClip.Pipeline.Tests.Operations;

/// <summary>A pace, as people write it.</summary>
public sealed class RateTests
{
    [Theory]
    [InlineData("2", 2)]
    [InlineData("0.5/s", 0.5)]
    [InlineData("30/min", 0.5)]
    [InlineData("1800/h", 0.5)]
    public void A_pace_is_read(string text, double perSecond) => Assert.Equal(perSecond, Rate.Parse(text)?.PerSecond);

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1/s")]
    [InlineData("1/day")]
    [InlineData("0.0000001/h")]
    [InlineData("1e9")]
    [InlineData("/s")]
    public void What_is_no_pace_is_refused(string text) => Assert.Null(Rate.Parse(text));

    [Fact]
    public async Task Turns_come_at_their_time_and_a_late_one_does_not_delay_the_next()
    {
        JumpingTime time = new();
        long start = time.GetTimestamp();
        Rate rate = new(2);
        List<double> seconds = [];
        for (int i = 0; i < 5; i++)
        {
            await rate.WaitAsync(start, i, time, TestContext.Current.CancellationToken);
            seconds.Add(time.GetElapsedTime(start).TotalSeconds);
            if (i == 1)
                time.Advance(TimeSpan.FromSeconds(0.8)); // 1.3: turn 2 was due at 1.0
        }

        Assert.Equal([0, 0.5, 1.3, 1.5, 2.0], seconds.Select(s => Math.Round(s, 3)));
    }

    // Whoever waits is there at once.
    private sealed class JumpingTime : TimeProvider
    {
        private long _now = 1_000;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Advance(dueTime);
            return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
