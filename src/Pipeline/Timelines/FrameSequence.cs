using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Timelines;

/// <summary>Frames as snippets of sequences. Pure functions: the same set of frames gives the same, in whatever order it came.</summary>
public static class FrameSequence
{
    /// <summary>Begin of the window of time that a frame belongs to: windows follow each other without a gap from 0001-01-01 on.</summary>
    /// <param name="every">Ticks of a snippet.</param>
    /// <param name="length">Snippets of a window.</param>
    public static DateTimeOffset WindowOf(DateTimeOffset time, long every, int length) =>
        new(time.UtcTicks - time.UtcTicks % (every * length), TimeSpan.Zero);

    /// <summary>Number of the snippet that a frame belongs to.</summary>
    /// <param name="start">Begin of the first one, not after the frame.</param>
    /// <param name="every">Ticks of a snippet.</param>
    public static long SlotOf(DateTimeOffset time, DateTimeOffset start, long every) => (time.UtcTicks - start.UtcTicks) / every;

    /// <summary>
    /// The sequences of a set of frames. Of the frames of a snippet the first is taken; a snippet without a frame is left out; after a
    /// longer time than the gap a new sequence begins.
    /// </summary>
    /// <param name="frames">In any order.</param>
    /// <param name="start">Begin of the first snippet; null takes the first frame's time.</param>
    /// <param name="every">Ticks of a snippet; 0 takes every frame.</param>
    /// <param name="gapSeconds">Longest time between two frames of a sequence.</param>
    /// <returns>In order of time; none is empty.</returns>
    public static IReadOnlyList<IReadOnlyList<Frame>> Of(IEnumerable<Frame> frames, DateTimeOffset? start, long every, double gapSeconds)
    {
        List<List<Frame>> sequences = [];
        long last = -1;
        foreach (Frame frame in frames.Order(Frame.InOrder))
        {
            start ??= frame.Time;
            long slot = every == 0 ? last + 1 : SlotOf(frame.Time, start.Value, every);
            if (slot == last)
                continue;
            if (sequences.Count == 0 || (frame.Time - sequences[^1][^1].Time).TotalSeconds > gapSeconds)
                sequences.Add([]);
            sequences[^1].Add(frame);
            last = slot;
        }

        return sequences;
    }
}
