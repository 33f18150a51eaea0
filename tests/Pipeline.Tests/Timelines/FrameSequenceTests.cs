using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Timelines;

namespace AaClip.Pipeline.Tests.Timelines;

public sealed class FrameSequenceTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Empty_snippets_are_left_out_and_a_gap_begins_another_sequence()
    {
        Frame[] frames = [At(0), At(0.4), At(1), At(3), At(9), At(9.6)];

        IReadOnlyList<IReadOnlyList<Frame>> found = FrameSequence.Of(frames.Reverse(), Start, TimeSpan.TicksPerSecond, 5);

        Assert.Equal(
            [
                [At(0), At(1), At(3)],
                [At(9)],
            ],
            found
        );
    }

    [Fact]
    public void Without_a_snippet_length_every_frame_is_one()
    {
        Frame[] frames = [At(0), At(0.4), At(1)];

        Assert.Equal([frames], FrameSequence.Of(frames, null, 0, 5));
    }

    [Fact]
    public void Windows_of_time_follow_each_other()
    {
        DateTimeOffset first = FrameSequence.WindowOf(Start, TimeSpan.TicksPerSecond, 256);

        Assert.Equal(first, FrameSequence.WindowOf(first, TimeSpan.TicksPerSecond, 256));
        Assert.Equal(first, FrameSequence.WindowOf(first.AddSeconds(255.999), TimeSpan.TicksPerSecond, 256));
        Assert.Equal(first.AddSeconds(256), FrameSequence.WindowOf(first.AddSeconds(256), TimeSpan.TicksPerSecond, 256));
    }

    [Theory]
    [InlineData("2026-11-27T11:59:58.25Z", -1.75)]
    [InlineData("2026-11-27T12:00:30.5", 30.5)]
    [InlineData("2026-11-27T14:00:00.5+02:00", 0.5)]
    [InlineData("2026-11-27T12:01:01Z", 0)] // a clock that is a minute ahead
    [InlineData("noon", 0)]
    [InlineData(null, 0)]
    public void A_frame_has_the_time_that_its_uploader_wrote_or_that_of_its_storing(string? metadata, double seconds)
    {
        Dictionary<string, string>? given = metadata is null ? null : new() { ["Time"] = metadata };

        Assert.Equal(Start.AddSeconds(seconds), FrameTime.Of(given, Start));
    }

    private static Frame At(double seconds) => new(FormattableString.Invariant($"line1/{seconds:F1}.png"), "1", Start.AddSeconds(seconds));
}
