namespace AaClip.Pipeline.Routing;

/// <summary>Patterns in which "*" matches any number of any characters, including "/" and none.</summary>
internal static class Wildcard
{
    /// <summary>Whether a pattern matches the whole text. Takes time proportional to the product of their lengths.</summary>
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
                (p, t) = (star + 1, ++resume); // the star takes one more character
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
