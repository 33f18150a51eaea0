using System.Globalization;

namespace AaClip.Pipeline.Operations;

/// <summary>A rate, written as "2", "2/s", "30/min" or "600/h".</summary>
/// <param name="PerSecond">Events per second, above 0.</param>
public readonly record struct Rate(double PerSecond)
{
    /// <summary>Description of the text that <see cref="Parse"/> accepts, for error messages.</summary>
    public const string Expected = "a rate such as 2/s, 30/min or 600/h";

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <returns>Null if the text is not a rate.</returns>
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
    /// Waits for the time of event <paramref name="index"/> of a series that began at <paramref name="start"/>. A late event does not delay
    /// the events after it.
    /// </summary>
    /// <param name="start">Timestamp of <paramref name="time"/>.</param>
    public async Task WaitAsync(long start, long index, TimeProvider time, CancellationToken cancellation)
    {
        TimeSpan left = TimeSpan.FromSeconds(index / PerSecond) - time.GetElapsedTime(start);
        if (left > TimeSpan.Zero)
            await Task.Delay(left, time, cancellation);
    }
}
