namespace AaClip.Pipeline.Routing;

/// <summary>Patterns in which "*" stands for any characters, also "/" and none.</summary>
internal static class Wildcard
{
    /// <summary>Compares a whole text with a pattern, in steps proportional to their lengths multiplied.</summary>
    public static bool Matches(string pattern, string text, bool ignoreCase = false)
    {
        int p = 0,
            t = 0,
            star = -1,
            resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, resume) = (p++, t);
            }
            else if (p < pattern.Length && Same(pattern[p], text[t], ignoreCase))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                (p, t) = (star + 1, ++resume); // the star takes one character more
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).Trim('*').IsEmpty;
    }

    private static bool Same(char a, char b, bool ignoreCase) =>
        a == b || ignoreCase && char.ToUpperInvariant(a) == char.ToUpperInvariant(b);
}
