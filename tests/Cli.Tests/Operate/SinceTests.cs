using AaClip.Cli.Operate;

namespace AaClip.Cli.Tests.Operate;

/// <summary>Points in time on the command line.</summary>
public sealed class SinceTests
{
    [Theory]
    [InlineData("90s", "2026-01-31T07:58:30Z")]
    [InlineData("1.5h", "2026-01-31T06:30:00Z")]
    [InlineData("7d", "2026-01-24T08:00:00Z")]
    [InlineData("2026-01-30", "2026-01-30T00:00:00Z")]
    [InlineData("2026-01-31T08:00:00+02:00", "2026-01-31T06:00:00Z")]
    public void A_point_in_time_is_a_duration_back_or_a_time(string text, string expected) =>
        Assert.Equal(
            DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture),
            Since.Parse(text, new DateTimeOffset(2026, 1, 31, 8, 0, 0, TimeSpan.Zero))
        );

    [Theory]
    [InlineData("h")]
    [InlineData("-2h")]
    [InlineData("yesterday")]
    [InlineData("99999999d")]
    public void Other_texts_are_refused(string text) => Assert.Null(Since.Parse(text, DateTimeOffset.UnixEpoch));
}
