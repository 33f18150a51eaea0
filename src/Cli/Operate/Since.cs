using System.CommandLine;
using System.Globalization;

namespace AaClip.Cli.Operate;

/// <summary>A point in time: a duration back from now ("90s", "30m", "2h", "7d"), or ISO 8601.</summary>
internal static class Since
{
    public const string Help = "TIME|DURATION";

    // ISO 8601, to the day, the minute, the second or parts of it; without a zone it is UTC.
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd",
        "yyyy-MM-ddTHH:mmK",
        "yyyy-MM-ddTHH:mm:ssK",
        "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mmK",
        "yyyy-MM-dd HH:mm:ssK",
    ];

    /// <summary>An option for a point in time.</summary>
    public static Option<DateTimeOffset?> Option(string description, string name = "--since") =>
        new(name)
        {
            Description = description,
            HelpName = Help,
            CustomParser = Values.Of(
                text => Parse(text, TimeProvider.System.GetUtcNow()),
                "a duration such as 90s, 30m, 2h or 7d, or a time such as 2026-01-31T08:00:00Z"
            ),
        };

    /// <returns>Null if the text is neither.</returns>
    public static DateTimeOffset? Parse(string? text, DateTimeOffset now)
    {
        if (text is not { Length: > 1 })
            return null;
        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        if (
            unit is { } one
            && double.TryParse(text.AsSpan(..^1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
        )
            return count * one.TotalDays <= 36500 ? now - count * one : null;
        return DateTimeOffset.TryParseExact(
            text,
            Formats,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset time
        )
            ? time
            : null;
    }
}
