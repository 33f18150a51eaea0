using System.Globalization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Results.Index;

/// <summary>A question to the results index, as the address of an HTTP request writes it.</summary>
public static class ResultQueryText
{
    private const int DefaultTop = 50,
        LargestTop = 1000;

    /// <summary>The parameters that are read.</summary>
    public static IReadOnlyList<string> Parameters { get; } =
    ["camera", "model", "verdict", "class", "part", "job", "generated", "from", "since", "to", "minScore", "maxScore", "top", "after"];

    /// <summary>Reads the parameters.</summary>
    /// <param name="valueOf">Returns the value of a parameter; null or nothing where it is left out.</param>
    /// <param name="top">How many rows a page has, 1 to 1000.</param>
    /// <exception cref="ArgumentException">A parameter has no such value; the message names it.</exception>
    public static ResultQuery Read(Func<string, string?> valueOf, out int top)
    {
        string? topText = Text("top");
        top = DefaultTop;
        if (
            topText is not null
            && (!int.TryParse(topText, NumberStyles.None, CultureInfo.InvariantCulture, out top) || top is < 1 or > LargestTop)
        )
            throw new ArgumentException($"top is '{topText}', expected 1 to {LargestTop}.");
        return new ResultQuery
        {
            Camera = Text("camera"),
            Model = Text("model"),
            Verdicts = Text("verdict")?.Split(',').Select(ReadVerdict).ToArray(),
            Class = Text("class"),
            Part = Text("part"),
            Job = Text("job"),
            Generated = Text("generated") is { } origin ? ReadOrigin(origin) : null,
            From = Time("from") ?? Time("since"),
            To = Time("to"),
            MinScore = Score("minScore"),
            MaxScore = Score("maxScore"),
            After = Text("after"),
            PageSize = top,
        };

        string? Text(string name) => valueOf(name) is { Length: > 0 } text ? text : null;

        DateTimeOffset? Time(string name) =>
            Text(name) is not { } text ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time
            : throw new ArgumentException($"{name} is '{text}', expected a time in ISO 8601 such as 2026-01-31T08:00:00Z.");

        double? Score(string name) =>
            Text(name) is not { } text ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double score) && double.IsFinite(score) ? score
            : throw new ArgumentException($"{name} is '{text}', expected a number such as 0.5.");
    }

    private static PictureOrigin ReadOrigin(string text) =>
        Enum.TryParse(text, ignoreCase: true, out PictureOrigin origin) && Enum.IsDefined(origin) && !char.IsAsciiDigit(text[0])
            ? origin
            : throw new ArgumentException($"generated is '{text}', expected generated or camera.");

    private static Verdict ReadVerdict(string text) =>
        Enum.TryParse(text, ignoreCase: true, out Verdict verdict) && Enum.IsDefined(verdict) && !char.IsAsciiDigit(text[0])
            ? verdict
            : throw new ArgumentException($"verdict is '{text}', expected normal, anomalous or failed.");
}
