using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Timelines;

namespace AaClip.Pipeline.Events;

/// <summary>
/// Puts frames into windows of time. Pure functions. A frame belongs to the window of its own time, so the frames of a window do not depend
/// on the order in which they came, nor on how often:
/// 1. A frame before the horizon is too late. 2. Of the frames of a snippet, the first by time is kept. 3. A window is sealed when a frame
/// later than its end and the lateness has been seen, or as much time has passed; the horizon is then its end.
/// </summary>
internal static class EventMachine
{
    /// <summary>Adds a frame, and seals the windows that it ends.</summary>
    /// <param name="state">The same instance is returned if nothing changes.</param>
    /// <param name="rule">The camera's current rule.</param>
    /// <param name="length">Snippets of a window.</param>
    public static EventState Add(EventState state, CameraEvents rule, int length, Frame frame, out FrameOutcome outcome)
    {
        // 1. Too late
        if (frame.Time < state.Horizon)
        {
            outcome = FrameOutcome.TooLate;
            return state with { TooLate = state.TooLate + 1 };
        }

        // 2. Keep
        DateTimeOffset start = FrameSequence.WindowOf(frame.Time, rule.EveryTicks, length);
        EventWindow window =
            state.Windows.FirstOrDefault(w => w.Start == start && w.Length == length && IsSampledAs(w.Rule, rule) && !w.Sealed)
            ?? new EventWindow(rule, length, start, []);
        if (Insert(window, frame) is not { } filled)
        {
            outcome = window.Frames.Contains(frame) ? FrameOutcome.Kept : FrameOutcome.Spare;
            return state;
        }

        outcome = FrameOutcome.Kept;
        EventState after = state with { Windows = [.. state.Windows.Where(w => w != window).Append(filled).OrderBy(w => w.End)] };

        // 3. Seal
        DateTimeOffset newest = after.Windows.Max(w => w.Frames[^1].Time);
        return Seal(after, w => w.End.AddSeconds(rule.LatenessSeconds) <= newest);
    }

    /// <summary>Seals windows.</summary>
    /// <param name="state">The same instance is returned if nothing changes.</param>
    /// <param name="ended">Whether no more frames of a window are expected.</param>
    public static EventState Seal(EventState state, Func<EventWindow, bool> ended)
    {
        EventWindow[] due = [.. state.Windows.Where(w => !w.Sealed && ended(w))];
        if (due.Length == 0)
            return state;
        DateTimeOffset horizon = due.Max(w => w.End);
        return state with
        {
            // A window of another rule that ends before can get no frame any more
            Windows = [.. state.Windows.Select(w => w.Sealed || w.End > horizon ? w : w with { Sealed = true })],
            Horizon = state.Horizon > horizon ? state.Horizon : horizon,
        };
    }

    /// <summary>Removes a window that is closed.</summary>
    public static EventState Close(EventState state, EventWindow window) =>
        state.Windows.Any(w => IsSame(w, window)) ? state with { Windows = [.. state.Windows.Where(w => !IsSame(w, window))] } : state;

    // A changed threshold holds for the next window: a time line has one
    private static bool IsSampledAs(CameraEvents a, CameraEvents b) => (a.Model, a.EveryTicks) == (b.Model, b.EveryTicks);

    private static bool IsSame(EventWindow a, EventWindow b) =>
        (a.Start, a.Length, a.Rule, a.Sealed) == (b.Start, b.Length, b.Rule, b.Sealed);

    /// <returns>Null if the frame's snippet has an earlier frame, or this one.</returns>
    private static EventWindow? Insert(EventWindow window, Frame frame)
    {
        long every = window.Rule.EveryTicks,
            slot = FrameSequence.SlotOf(frame.Time, window.Start, every);
        List<Frame> frames = [.. window.Frames];
        int at = frames.FindIndex(f => FrameSequence.SlotOf(f.Time, window.Start, every) >= slot);
        if (at < 0)
            frames.Add(frame);
        else if (FrameSequence.SlotOf(frames[at].Time, window.Start, every) > slot)
            frames.Insert(at, frame);
        else if (Frame.InOrder.Compare(frame, frames[at]) < 0)
            frames[at] = frame;
        else
            return null;
        return window with { Frames = frames };
    }
}

/// <summary>What became of a frame.</summary>
internal enum FrameOutcome
{
    /// <summary>It is, or was already, a snippet of its window.</summary>
    Kept,

    /// <summary>Its snippet has an earlier frame.</summary>
    Spare,

    /// <summary>Its window is sealed.</summary>
    TooLate,
}
