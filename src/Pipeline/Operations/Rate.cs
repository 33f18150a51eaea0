using System.Globalization;

namespace AaClip.Pipeline.Operations;

/// <summary>How often something happens, as people write it: "2", "2/s", "30/min", "600/h".</summary>
/// <param name="PerSecond">Times a second, above 0.</param>
public readonly record struct Rate(double PerSecond)
{
    /// <summary>What <see cref="Parse"/> takes, for messages.</summary>
    public const string Expected = "a pace such as 2/s, 30/min or 600/h";

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <returns>Null when the text is none.</returns>
    public static Rate? Parse(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        double? seconds = (slash < 0 ? "s" : text[(slash + 1)..]) switch
        {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            _ => null,
        };
        return
            seconds is { } unit
            && double.TryParse(
                slash < 0 ? text : text[..slash],
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out double count
            )
            && count / unit is > 0 and <= 100_000 and var rate
            && 1 / rate <= LongestWait.TotalSeconds
            ? new Rate(rate)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{PerSecond}/s");

    /// <summary>
    /// Waits until it is the turn of number <paramref name="index"/> of a series that began at <paramref name="start"/>; a late one does
    /// not hold up those that follow.
    /// </summary>
    /// <param name="start">Timestamp of <paramref name="time"/>.</param>
    public async Task WaitAsync(long start, long index, TimeProvider time, CancellationToken cancellation)
    {
        TimeSpan left = TimeSpan.FromSeconds(index / PerSecond) - time.GetElapsedTime(start);
        if (left > TimeSpan.Zero)
            await Task.Delay(left, time, cancellation);
    }
}
