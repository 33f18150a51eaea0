using System.Text;

namespace AaClip.Pipeline.Contracts;

/// <summary>The part that an image shows: a serial number or a lot, 1 to 128 characters without control characters.</summary>
public static class PartName
{
    /// <summary>The most characters of a part.</summary>
    public const int MaxLength = 128;

    /// <summary>Key of the blob metadata of an image.</summary>
    public const string Metadata = "part";

    /// <summary>What is wrong with a part; null if it is valid.</summary>
    public static string? Fault(string part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return part.Length is 0 or > MaxLength ? $"it has {part.Length} characters, expected 1 to {MaxLength}"
            : part.Any(char.IsControl) || part.EnumerateRunes().Contains(Rune.ReplacementChar)
                ? "it has characters that cannot be printed: send letters, digits and punctuation"
            : null;
    }

    /// <summary>The value of the metadata: storage takes ASCII only, so the text is percent-encoded.</summary>
    public static string ToMetadata(string part) => Uri.EscapeDataString(part);

    /// <summary>Reads the metadata of an image.</summary>
    /// <returns>Null if there is no part, or only spaces. Not checked: see <see cref="Fault"/>.</returns>
    public static string? OfMetadata(IDictionary<string, string>? metadata) =>
        metadata?.FirstOrDefault(m => m.Key.Equals(Metadata, StringComparison.OrdinalIgnoreCase)).Value is { } value
        && Uri.UnescapeDataString(value).Trim() is { Length: > 0 } part
            ? part
            : null;
}
