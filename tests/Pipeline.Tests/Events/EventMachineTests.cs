using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Events;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Timelines;

namespace AaClip.Pipeline.Tests.Events;

public sealed class EventMachineTests
{
    private const int Length = 4;
    private static readonly CameraEvents Rule = new("vad@1", EverySeconds: 1, GapSeconds: 2, LatenessSeconds: 3);
    private static readonly DateTimeOffset Origin = FrameSequence.WindowOf(
        new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero),
        Rule.EveryTicks,
        Length
    );

    [Fact]
    public void The_first_frame_of_a_snippet_is_kept_in_whatever_order_they_come()
    {
        Frame late = At(0.7),
            early = At(0.2),
            next = At(1.1);

        EventState one = Run(late, early, next),
            other = Run(next, late, early, late, next);

        Assert.Equal([early, next], Assert.Single(one.Windows).Frames);
        Assert.Equal([early, next], Assert.Single(other.Windows).Frames);
    }

    [Fact]
    public void A_frame_that_is_known_changes_nothing()
    {
        EventState before = Run(At(0), At(1));

        EventState after = EventMachine.Add(before, Rule, Length, At(1), out FrameOutcome kept);
        _ = EventMachine.Add(before, Rule, Length, At(1.5), out FrameOutcome spare);

        Assert.Same(before, after);
        Assert.Equal((FrameOutcome.Kept, FrameOutcome.Spare), (kept, spare));
    }

    [Fact]
    public void A_window_is_sealed_by_a_frame_later_than_its_end_and_the_lateness_and_later_frames_of_it_are_too_late()
    {
        EventState open = Run(At(0), At(4), At(6.9)),
            ended = EventMachine.Add(open, Rule, Length, At(7), out _);

        EventState after = EventMachine.Add(ended, Rule, Length, At(2), out FrameOutcome outcome);

        Assert.Equal([false, false], open.Windows.Select(w => w.Sealed));
        Assert.Equal([true, false], ended.Windows.Select(w => w.Sealed));
        Assert.Equal((Origin.AddSeconds(4), FrameOutcome.TooLate, 1), (after.Horizon, outcome, after.TooLate));
        Assert.Equal([At(0)], after.Windows[0].Frames);
    }

    [Fact]
    public void A_closed_window_is_removed_once_and_its_horizon_stays()
    {
        EventState ended = Run(At(0), At(7));

        EventState closed = EventMachine.Close(ended, ended.Windows[0]);

        Assert.Equal([At(7)], Assert.Single(closed.Windows).Frames);
        Assert.Equal(Origin.AddSeconds(4), closed.Horizon);
        Assert.Same(closed, EventMachine.Close(closed, ended.Windows[0]));
    }

    [Fact]
    public void A_new_threshold_holds_from_the_next_window_on()
    {
        EventState state = Run(At(0));

        state = EventMachine.Add(state, Rule with { Threshold = 0.5 }, Length, At(1), out _);
        state = EventMachine.Add(state, Rule with { Threshold = 0.5 }, Length, At(5), out _);

        Assert.Equal([null, 0.5], state.Windows.Select(w => w.Rule.Threshold));
        Assert.Equal([At(0), At(1)], state.Windows[0].Frames);
    }

    [Fact]
    public void Another_sampling_begins_other_windows()
    {
        EventState state = Run(At(0));

        state = EventMachine.Add(state, Rule with { EverySeconds = 0.5 }, Length, At(1), out _);

        Assert.Equal(
            [
                [At(1)],
                [At(0)],
            ],
            state.Windows.Select(w => w.Frames)
        );
    }

    [Fact]
    public void A_window_of_whole_snippets_has_as_many_frames_as_its_length()
    {
        EventState state = Run([.. Enumerable.Range(0, 40).Select(i => At(i * 0.1))]);

        Assert.Equal(Length, Assert.Single(state.Windows).Frames.Count);
    }

    private static EventState Run(params Frame[] frames) =>
        frames.Aggregate(EventState.Empty, (state, frame) => EventMachine.Add(state, Rule, Length, frame, out _));

    private static Frame At(double seconds) => new(FormattableString.Invariant($"line1/{seconds:F1}.png"), "1", Origin.AddSeconds(seconds));
}
