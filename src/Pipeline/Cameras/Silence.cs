namespace AaClip.Pipeline.Cameras;

/// <summary>Whether a camera sends no images any more, by how often it sent them before.</summary>
/// <param name="Last">When its last image was stored.</param>
/// <param name="MedianGap">Median time between its images; null with less than two.</param>
/// <param name="IsSilent">Whether it has sent nothing for longer than it should take.</param>
public sealed record Silence(DateTimeOffset Last, TimeSpan? MedianGap, bool IsSilent)
{
    /// <summary>No camera is silent before this time.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMinutes(5);

    private const int Gaps = 10; // median gaps that may pass

    /// <summary>After how long without an image the camera is silent; null if it never is.</summary>
    public TimeSpan? Limit => MedianGap is { } gap ? TimeSpan.FromTicks(Math.Max(Least.Ticks, Gaps * gap.Ticks)) : null;

    /// <summary>
    /// A camera is silent after ten times the median gap between its images, or five minutes, whichever is longer. A camera with one image
    /// has no gap, and is not silent.
    /// </summary>
    /// <param name="times">When its last images were stored, in any order; at least one.</param>
    public static Silence Of(IReadOnlyCollection<DateTimeOffset> times, DateTimeOffset now)
    {
        DateTimeOffset[] ordered = [.. times.Order()];
        DateTimeOffset last = ordered[^1];
        if (ordered.Length < 2)
            return new Silence(last, null, IsSilent: false);
        long[] gaps = [.. ordered.Zip(ordered.Skip(1), (a, b) => (b - a).Ticks).Order()];
        TimeSpan median = TimeSpan.FromTicks((gaps[(gaps.Length - 1) / 2] + gaps[gaps.Length / 2]) / 2);
        Silence silence = new(last, median, IsSilent: false);
        return silence with { IsSilent = silence.IsSilentAt(now) };
    }

    /// <summary>Whether the camera is silent at a time, if no image comes before.</summary>
    public bool IsSilentAt(DateTimeOffset time) => time - Last > Limit;
}
