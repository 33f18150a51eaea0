using System.Collections.Frozen;

namespace AaClip.Scoring.Text;

/// <summary>
/// The 256 printable characters that represent bytes in a byte-level vocabulary. Printable Latin-1 bytes represent themselves; the others
/// are mapped, in ascending order, to U+0100 and up (Radford et al., GPT-2; specification 3.3).
/// </summary>
internal static class ByteSymbols
{
    /// <summary>Marks the last symbol of a piece, so that the word "dog" differs from "dog" inside "dogma".</summary>
    public const string EndOfWord = "</w>";

    private static readonly (byte[] Order, char[] Symbols) Table = Build();
    private static readonly FrozenDictionary<char, byte> Bytes = Enumerable
        .Range(0, 256)
        .ToFrozenDictionary(b => Table.Symbols[b], b => (byte)b);

    /// <summary>The bytes in the order in which a vocabulary numbers them: '!' has id 0.</summary>
    public static ReadOnlySpan<byte> Order => Table.Order;

    /// <summary>The character that represents a byte.</summary>
    public static char Of(byte value) => Table.Symbols[value];

    /// <summary>The byte that a character represents; false if there is none.</summary>
    public static bool TryByte(char symbol, out byte value) => Bytes.TryGetValue(symbol, out value);

    private static (byte[] Order, char[] Symbols) Build()
    {
        char[] symbols = new char[256];
        List<byte> printable = [],
            other = [];
        for (int b = 0; b < 256; b++)
        {
            bool shown = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE; // 0xAD is the invisible soft hyphen
            symbols[b] = (char)(shown ? b : 0x100 + other.Count);
            (shown ? printable : other).Add((byte)b);
        }

        return ([.. printable, .. other], symbols);
    }
}
