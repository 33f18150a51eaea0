using AaClip.Pipeline.Cameras;

namespace AaClip.Pipeline.Tests.Cameras;

public class SilenceTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(60, 600, false)] // ten gaps of a minute: not longer
    [InlineData(60, 601, true)]
    [InlineData(1, 300, false)] // an image a second: five minutes
    [InlineData(1, 301, true)]
    [InlineData(3600, 35_000, false)]
    [InlineData(3600, 36_001, true)]
    public void A_camera_is_silent_after_ten_gaps_and_five_minutes(int gapSeconds, int sinceSeconds, bool silent)
    {
        DateTimeOffset[] times = [.. Enumerable.Range(0, 50).Select(i => Noon.AddSeconds(-gapSeconds * i))];

        Silence found = Silence.Of(times, Noon.AddSeconds(sinceSeconds));

        Assert.Equal((Noon, TimeSpan.FromSeconds(gapSeconds), silent), (found.Last, found.MedianGap, found.IsSilent));
    }

    [Fact]
    public void One_long_pause_among_many_short_gaps_does_not_count()
    {
        DateTimeOffset[] times = [Noon, Noon.AddMinutes(-1), Noon.AddMinutes(-2), Noon.AddHours(-16), Noon.AddHours(-16).AddMinutes(-2)];

        Assert.Equal(TimeSpan.FromSeconds(90), Silence.Of(times, Noon).MedianGap); // of 1, 1, 2 and 958 minutes
        Assert.True(Silence.Of(times, Noon.AddMinutes(16)).IsSilent);
    }

    [Fact]
    public void A_camera_with_one_image_is_not_silent()
    {
        Assert.Equal(new Silence(Noon, null, false), Silence.Of([Noon], Noon.AddYears(1)));
    }
}
