using System.Globalization;
using System.Text;
using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// Text as a part of a table key. Keys refuse "/", "\", "#", "?", control characters and more than 512 characters (learn.microsoft.com,
/// "Understanding the Table service data model"); "%" and quotes are trouble for what stands between. So ASCII letters, digits, "-", "_",
/// "." and "@" stay, and every other byte of the UTF-8 text becomes "~" and two hexadecimal digits. Longer text keeps its beginning,
/// followed by "~~" and 32 digits of the SHA-256 of the whole. Two texts never have the same key.
/// </summary>
public static class TableKeys
{
    /// <summary>Characters of one part; three of them and what else a key holds stay below 512.</summary>
    public const int MaxPart = 160;

    private const int HashDigits = 32;

    /// <summary>The key of a text; lone surrogates are taken as U+FFFD.</summary>
    public static string Part(string text)
    {
        StringBuilder key = new(text.Length + 8);
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            char c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@')
                key.Append(c);
            else
                key.Append('~').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        if (key.Length <= MaxPart)
            return key.ToString();
        return $"{key.ToString(0, MaxPart - HashDigits - 2)}~~{TextHash.Hex(text, HashDigits)}";
    }
}
