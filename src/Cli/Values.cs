using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace AaClip.Cli;

/// <summary>
/// Parsers of option values, for <c>CustomParser</c>: strict, independent of the culture, with a message that names the option, the value
/// found and the values expected. The library's own parsers depend on the machine's culture, and their messages name .NET types.
/// </summary>
internal static class Values
{
    private const NumberStyles WholeStyle = NumberStyles.AllowLeadingSign;
    private const NumberStyles NumberStyle = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>A whole number within limits.</summary>
    public static Func<ArgumentResult, int> Whole(int least = int.MinValue, int most = int.MaxValue) =>
        r => ReadWhole(r, r.Tokens[^1].Value, least, most) ?? 0;

    /// <summary>A whole number within limits, for an option without a default.</summary>
    public static Func<ArgumentResult, int?> WholeOrNone(int least, int most = int.MaxValue) =>
        r => ReadWhole(r, r.Tokens[^1].Value, least, most);

    /// <summary>Several whole numbers within limits.</summary>
    public static Func<ArgumentResult, int[]> Wholes(int least, int most = int.MaxValue) =>
        r => [.. r.Tokens.Select(t => ReadWhole(r, t.Value, least, most) ?? 0)];

    /// <summary>A finite number.</summary>
    /// <param name="expected">Description of the allowed values, for the message.</param>
    public static Func<ArgumentResult, T> Number<T>(Func<T, bool> allowed, string expected)
        where T : struct, IFloatingPointIeee754<T> => r => ReadNumber(r, allowed, expected) ?? T.Zero;

    /// <summary>A finite number, for an option without a default.</summary>
    public static Func<ArgumentResult, T?> NumberOrNone<T>(Func<T, bool> allowed, string expected)
        where T : struct, IFloatingPointIeee754<T> => r => ReadNumber(r, allowed, expected);

    /// <summary>The name of an enum value, in upper or lower case.</summary>
    /// <param name="except">Values that are not allowed.</param>
    public static Func<ArgumentResult, T> Word<T>(params T[] except)
        where T : struct, Enum => r => ReadWord(r, r.Tokens[^1].Value, except) ?? default;

    /// <summary>The name of an enum value, for an option without a default.</summary>
    public static Func<ArgumentResult, T?> WordOrNone<T>()
        where T : struct, Enum => r => ReadWord<T>(r, r.Tokens[^1].Value);

    /// <summary>Several names of enum values.</summary>
    public static Func<ArgumentResult, T[]> Words<T>()
        where T : struct, Enum => r => [.. r.Tokens.Select(t => ReadWord<T>(r, t.Value) ?? default)];

    /// <summary>A value with a parser of its own.</summary>
    /// <param name="read">The parser; returns null for an invalid text.</param>
    public static Func<ArgumentResult, T?> Of<T>(Func<string, T?> read, string expected)
        where T : struct =>
        r =>
        {
            string text = r.Tokens[^1].Value;
            T? value = read(text);
            if (value is null)
                Refuse(r, text, expected);
            return value;
        };

    private static int? ReadWhole(ArgumentResult r, string text, int least, int most)
    {
        if (int.TryParse(text, WholeStyle, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most)
            return value;
        Refuse(
            r,
            text,
            (least, most) switch
            {
                (int.MinValue, int.MaxValue) => "a whole number",
                (_, int.MaxValue) => string.Create(CultureInfo.InvariantCulture, $"a whole number of {least} or more"),
                _ => string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"),
            }
        );
        return null;
    }

    private static T? ReadNumber<T>(ArgumentResult r, Func<T, bool> allowed, string expected)
        where T : struct, IFloatingPointIeee754<T>
    {
        string text = r.Tokens[^1].Value;
        if (T.TryParse(text, NumberStyle, CultureInfo.InvariantCulture, out T value) && T.IsFinite(value) && allowed(value))
            return value;
        Refuse(r, text, expected);
        return null;
    }

    private static T? ReadWord<T>(ArgumentResult r, string text, params T[] except)
        where T : struct, Enum
    {
        T[] values = [.. Enum.GetValues<T>().Except(except)];
        foreach (T value in values)
            if (value.ToString().Equals(text, StringComparison.OrdinalIgnoreCase))
                return value;
        string[] words = [.. values.Select(v => v.ToString().ToLowerInvariant())];
        Refuse(r, text, $"{string.Join(", ", words[..^1])} or {words[^1]}");
        return null;
    }

    private static void Refuse(ArgumentResult r, string text, string expected) =>
        r.AddError($"{(r.Parent as OptionResult)?.Option.Name ?? r.Argument.Name} is '{text}', expected {expected}.");
}
