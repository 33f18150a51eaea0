using AaClip.LocalHost.Timers;

namespace AaClip.LocalHost.Tests;

public class TimerTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task A_function_runs_when_its_schedule_says_and_is_told_the_next_time()
    {
        ManualTime time = new(Utc("2026-03-01T10:02:30Z"));
        await using TestHost host = new(azurite.ConnectionString);
        await host.StartAsync(["Tick"], options => options with { Time = time });

        await Until.TrueAsync(() => Task.FromResult(time.NextDue == Utc("2026-03-01T10:05:00Z")), "a timer for 10:05");
        time.MoveTo(Utc("2026-03-01T10:04:59Z"));
        string[] early = host.Recorder.All;
        time.MoveTo(Utc("2026-03-01T10:05:00Z"));
        await host.Recorder.WaitAsync(1);
        await Until.TrueAsync(() => Task.FromResult(time.NextDue == Utc("2026-03-01T10:10:00Z")), "a timer for 10:10");
        time.MoveTo(Utc("2026-03-01T10:10:00Z"));
        string[] records = await host.Recorder.WaitAsync(2);

        Assert.Empty(early);
        Assert.Equal(["10:10:00", "10:15:00"], records);
    }

    [Fact]
    public async Task RunOnStartup_runs_once_at_the_start()
    {
        await using TestHost host = new(azurite.ConnectionString);
        await host.StartAsync(["AtStart"], options => options with { Settings = new Dictionary<string, string?>(options.Settings) { ["Schedule"] = "0 0 0 1 1 *" } });

        Assert.Equal(["started"], await host.Recorder.WaitAsync(1));
    }

    [Theory]
    [InlineData("0 */5 * * * *", "2026-03-01T10:05:00Z", "2026-03-01T10:10:00Z")]
    [InlineData("*/10 * * * * *", "2026-03-01T10:05:01.5Z", "2026-03-01T10:05:10Z")]
    [InlineData("30 15 4 * * *", "2026-12-31T23:00:00Z", "2027-01-01T04:15:30Z")]
    [InlineData("0 0 9-17/4 * * MON-FRI", "2026-03-06T17:30:00Z", "2026-03-09T09:00:00Z")]
    [InlineData("0 0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 0 1 Jan,Jul *", "2026-03-01T00:00:00Z", "2026-07-01T00:00:00Z")]
    [InlineData("0 0 12 * * 7", "2026-03-02T00:00:00Z", "2026-03-08T12:00:00Z")]
    [InlineData("*/5 * * * *", "2026-03-01T10:01:00Z", "2026-03-01T10:05:00Z")]
    [InlineData("0 20/15 * * * *", "2026-03-01T10:21:00Z", "2026-03-01T10:35:00Z")]
    [InlineData("00:00:30", "2026-03-01T10:01:00Z", "2026-03-01T10:01:30Z")]
    public void A_schedule_names_the_next_moment(string schedule, string after, string expected)
    {
        DateTimeOffset next = NCrontab.Parse(schedule).Next(Utc(after));

        Assert.Equal(Utc(expected), next);
    }

    [Theory]
    [InlineData("0 0 * *", "4 fields, expected six")]
    [InlineData("0 60 * * * *", "'60'")]
    [InlineData("0 0 0 0 * *", "not a day (1 to 31)")]
    [InlineData("0 0 0 * FOO *", "not a month")]
    [InlineData("0 5-1 * * * *", "'5-1'")]
    [InlineData("0 */0 * * * *", "'*/0'")]
    [InlineData("-00:00:01", "above zero")]
    public void A_schedule_that_is_none_is_refused_with_the_field_at_fault(string schedule, string reason)
    {
        FormatException refused = Assert.Throws<FormatException>(() => NCrontab.Parse(schedule));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains(schedule, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schedule_that_never_comes_says_so()
    {
        NCrontab never = NCrontab.Parse("0 0 0 30 2 *");

        Assert.Throws<InvalidOperationException>(() => never.Next(Utc("2026-01-01T00:00:00Z")));
    }

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
