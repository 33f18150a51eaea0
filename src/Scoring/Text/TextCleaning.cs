using System.Text;

namespace AaClip.Scoring.Text;

/// <summary>
/// CLIP's cleaning of a text before it is split (specification 3.3, steps 2 to 5): HTML references are decoded twice, runs of white space
/// become one space, leading and trailing white space is removed, letters are lower-cased.
/// </summary>
/// <remarks>
/// Step 1, the repair of wrongly decoded text by the Python library ftfy, is omitted: curly quotes, full-width letters, ligatures and
/// control characters stay unchanged. The repair would change none of the published prompts, and no ASCII text without control characters
/// or nested references.
/// </remarks>
internal static class TextCleaning
{
    public static string Clean(string text)
    {
        text = HtmlEntities.Decode(HtmlEntities.Decode(text));
        return FullLowerCase.Of(FoldWhiteSpace(Strip(text)));
    }

    // Python's strip treats four separators, U+001C to U+001F, as white space; its pattern \s in the next step does not.
    private static ReadOnlySpan<char> Strip(ReadOnlySpan<char> text)
    {
        while (text is [var first, ..] && IsStripped(first))
            text = text[1..];
        while (text is [.., var last] && IsStripped(last))
            text = text[..^1];
        return text;

        static bool IsStripped(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';
    }

    private static string FoldWhiteSpace(ReadOnlySpan<char> text)
    {
        StringBuilder folded = new(text.Length);
        foreach (char c in text)
        {
            if (!char.IsWhiteSpace(c))
                folded.Append(c);
            else if (folded is not [.., ' '])
                folded.Append(' ');
        }

        return folded.ToString();
    }
}
