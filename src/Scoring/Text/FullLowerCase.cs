using System.Globalization;
using System.Text;

namespace AaClip.Scoring.Text;

/// <summary>
/// Lower-cases by the full Unicode rules, like Python's str.lower: .NET's simple mapping plus the two rules it lacks: 'İ' becomes 'i' with
/// a dot above, and a capital sigma at the end of a word becomes 'ς'.
/// </summary>
internal static class FullLowerCase
{
    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAny('İ', 'Σ'))
            return text.ToLowerInvariant();

        Rune[] runes = [.. text.EnumerateRunes()];
        StringBuilder lower = new(text.Length + 4);
        for (int i = 0; i < runes.Length; i++)
        {
            if (runes[i].Value == 'İ')
                lower.Append("i\u0307");
            else if (runes[i].Value == 'Σ')
                lower.Append(EndsWord(runes, i) ? 'ς' : 'σ');
            else
                lower.Append(Rune.ToLowerInvariant(runes[i]).ToString());
        }

        return lower.ToString();
    }

    // Unicode Final_Sigma: a cased letter before and none after; case-ignorable characters in between are skipped.
    private static bool EndsWord(ReadOnlySpan<Rune> runes, int sigma)
    {
        int before = sigma - 1;
        while (before >= 0 && IsIgnorable(runes[before]))
            before--;
        int after = sigma + 1;
        while (after < runes.Length && IsIgnorable(runes[after]))
            after++;
        return before >= 0 && IsCased(runes[before]) && (after == runes.Length || !IsCased(runes[after]));
    }

    private static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter => true,
            _ => rune.Value
                is 0xAA
                    or 0xBA
                    or (>= 0x2160 and <= 0x217F)
                    or (>= 0x24B6 and <= 0x24E9) // ordinals, Roman numerals, circled letters
                    or (>= 0x1F130 and <= 0x1F149)
                    or (>= 0x1F150 and <= 0x1F169)
                    or (>= 0x1F170 and <= 0x1F189),
        };

    private static bool IsIgnorable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.NonSpacingMark
            or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter
            or UnicodeCategory.ModifierSymbol => true,
            _ => rune.Value
                is '\''
                    or '.'
                    or ':'
                    or 0xB7
                    or 0x387
                    or 0x55F
                    or 0x5F4
                    or 0x2018
                    or 0x2019
                    or 0x2024
                    or 0x2027
                    or 0xFE13
                    or 0xFE52
                    or 0xFE55
                    or 0xFF07
                    or 0xFF0E
                    or 0xFF1A, // punctuation inside words
        };
}
