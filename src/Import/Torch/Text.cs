using System.Text;

namespace AaClip.Import.Torch;

/// <summary>Prepares text from an untrusted file for a message.</summary>
internal static class Text
{
    private const int MaxLength = 100;

    /// <summary>Replaces control characters and cuts long text.</summary>
    public static string Shorten(string text)
    {
        StringBuilder shown = new(Math.Min(text.Length, MaxLength) + 3);
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, MaxLength)))
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        return text.Length > MaxLength ? shown.Append("...").ToString() : shown.ToString();
    }
}
