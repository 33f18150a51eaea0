using System.Globalization;
using System.Text;

namespace AaClip.Scoring.Text;

/// <summary>
/// Splits a cleaned text into the pieces that are encoded separately (specification 3.3, step 6). A piece is the first match of: marker,
/// English contraction ending, run of letters, one number character, run of anything else except white space.
/// </summary>
/// <remarks>
/// Not a regular expression, because .NET patterns see the halves of surrogate pairs and would not recognise 𝒜 as a letter.
/// </remarks>
internal static class TextPieces
{
    private static readonly string[] Literals =
    [
        ClipVocabulary.StartMarker,
        ClipVocabulary.EndMarker,
        "'s",
        "'t",
        "'re",
        "'ve",
        "'m",
        "'ll",
        "'d",
    ];

    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <summary>Finds the next piece.</summary>
    /// <param name="text">Lower-case text.</param>
    /// <param name="at">Index at which to search; moved to the end of the piece.</param>
    /// <param name="piece">The piece; never empty.</param>
    /// <returns>False at the end of the text.</returns>
    public static bool TryNext(ReadOnlySpan<char> text, ref int at, out ReadOnlySpan<char> piece)
    {
        int length;
        Kind kind;
        while ((kind = KindAt(text[at..], out length)) == Kind.Space && length > 0)
            at += length;
        piece = text[at..];
        if (length == 0)
            return false;

        int end = LiteralLength(piece);
        if (end == 0)
            for (end = length; kind != Kind.Number && KindAt(piece[end..], out length) == kind && length > 0; )
                end += length;
        piece = piece[..end];
        at += end;
        return true;
    }

    private static int LiteralLength(ReadOnlySpan<char> text)
    {
        if (text[0] is not ('\'' or '<'))
            return 0;
        foreach (string literal in Literals)
            if (text.Length >= literal.Length && IsSame(text[..literal.Length], literal))
                return literal.Length;
        return 0;
    }

    // The published pattern ignores case, so 'ſ' matches 's'; no other letter of the literals has a second lower-case form.
    private static bool IsSame(ReadOnlySpan<char> text, string literal)
    {
        for (int i = 0; i < text.Length; i++)
            if (text[i] != literal[i] && !(text[i] == 'ſ' && literal[i] == 's'))
                return false;
        return true;
    }

    // Length 0 means that the text is empty.
    private static Kind KindAt(ReadOnlySpan<char> text, out int length)
    {
        Rune.DecodeFromUtf16(text, out Rune rune, out length);
        if (Rune.IsWhiteSpace(rune))
            return Kind.Space;
        return Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
    }
}
