using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace AaClip.Scoring.Text;

/// <summary>
/// Decodes HTML character references by the rules of HTML 5, like Python's html.unescape: also without a semicolon where HTML allows it,
/// and the longest known name first. Only the names of HTML 4 are known; the rarer names of HTML 5 stay unchanged.
/// </summary>
internal static partial class HtmlEntities
{
    // References to 0x80..0x9F mean Windows-1252; its five undefined bytes stay unchanged.
    private const string Windows1252 =
        "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F"
        + "\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178";

    /// <summary>Decodes once; "&amp;amp;lt;" becomes "&amp;lt;".</summary>
    public static string Decode(string text) => text.Contains('&') ? Reference().Replace(text, Replace) : text;

    [GeneratedRegex(
        @"&(?:#(?<decimal>[0-9]+);?|#[xX](?<hex>[0-9a-fA-F]+);?|(?<name>[^\t\n\f <&#;]{1,32})(?<end>;?))",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex Reference();

    private static string Replace(Match match)
    {
        if (match.Groups["decimal"] is { Success: true } digits)
            return Character(digits.ValueSpan, NumberStyles.None);
        if (match.Groups["hex"] is { Success: true } hex)
            return Character(hex.ValueSpan, NumberStyles.AllowHexSpecifier);

        string name = match.Groups["name"].Value;
        string end = match.Groups["end"].Value;
        if (end.Length > 0 && Named(name) is { } whole)
            return whole;
        for (int length = name.Length; length > 1; length--)
            if (Named(name[..length]) is [<= '\u00FF'] latin && name[..length] != "apos")
                return latin + name[length..] + end; // only the oldest names are allowed without a semicolon
        return match.Value;
    }

    private static string Character(ReadOnlySpan<char> digits, NumberStyles style)
    {
        if (
            !int.TryParse(digits, style, CultureInfo.InvariantCulture, out int code)
            || code is 0 or < 0 or > 0x10FFFF or (>= 0xD800 and <= 0xDFFF)
        )
            return "\uFFFD"; // also when the number overflows
        return code switch
        {
            '\r' => "\r",
            >= 0x80 and <= 0x9F => Windows1252.Substring(code - 0x80, 1),
            < ' ' and not ('\t' or '\n' or '\f') or 0x7F or (>= 0xFDD0 and <= 0xFDEF) => "", // controls and non-characters are removed
            _ => (code & 0xFFFE) == 0xFFFE ? "" : new Rune(code).ToString(),
        };
    }

    private static string? Named(string name)
    {
        switch (name)
        {
            case "AMP" or "COPY" or "GT" or "LT" or "QUOT" or "REG": // HTML 5 also knows these in capitals
                name = name.ToLowerInvariant();
                break;
            case "lang": // HTML 5 changed the code points of the two angle brackets
                return "\u27E8";
            case "rang":
                return "\u27E9";
        }

        string decoded = WebUtility.HtmlDecode($"&{name};");
        return decoded.Length == 1 ? decoded : null; // every HTML 4 name is one character; an unknown name comes back unchanged
    }
}
