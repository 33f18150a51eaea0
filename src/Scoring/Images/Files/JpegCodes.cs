using System.Runtime.CompilerServices;

namespace AaClip.Scoring.Images.Files;

/// <summary>
/// One Huffman table of a JPEG (ITU-T T.81, annex C), used to skip coded coefficients without computing their values. A code gives a
/// symbol: its low 4 bits are the number of extra bits of the coefficient, its high 4 bits are the number of zeros before it.
/// </summary>
internal sealed class JpegCodes
{
    private const int LookupBits = 11; // longer codes are rare, and larger tables are slower

    /// <summary>Right shift that turns a left-aligned register into an index into <see cref="Runs"/>.</summary>
    public const int Shift = 64 - LookupBits;

    private readonly byte[] _symbols;
    private readonly int[] _end = new int[17]; // per length: its last code + 1, left-aligned in 16 bits
    private readonly int[] _offset = new int[17]; // per length: index of a symbol minus its code
    private readonly ushort[] _lookup = new ushort[1 << LookupBits]; // symbol * 256 + code length; 0 if the code is longer than 11 bits
    private readonly bool _dc;
    private uint[]? _runs;

    private JpegCodes(byte[] symbols, bool dc)
    {
        _symbols = symbols;
        _dc = dc;
    }

    /// <summary>
    /// For every value of the next 11 bits, the coefficients of a sequential block that can be skipped at once. Bits 0 to 7: number of bits
    /// of their codes and values, at most 26. Bits 8 to 15: number of coefficients skipped, 64 or more if the block ends. Bits 16 and up:
    /// the same without the last coefficient; the entry is valid only if the block has more coefficients left than this. 255 there: no
    /// entry. For a DC table an entry has one coefficient (the difference).
    /// </summary>
    public uint[] Runs => _runs ??= MakeRuns();

    /// <summary>True if a symbol is not valid in a DC table: a difference of more than 15 bits.</summary>
    public bool TooWideForDc => _symbols.Any(s => s > 15);

    /// <summary>Number of coefficients that a symbol advances in a sequential block.</summary>
    public int Step(int symbol) =>
        _dc ? 1
        : symbol == 0 ? 64
        : (symbol & 15) == 0 ? 16
        : (symbol >> 4) + 1;

    /// <summary>Reads a table; null if there are more codes of a length than fit.</summary>
    /// <param name="counts">[16], number of codes of each length.</param>
    /// <param name="symbols">The symbols in the order of their codes.</param>
    /// <param name="dc">True for a table of DC coefficients, false for AC.</param>
    public static JpegCodes? Read(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols, bool dc)
    {
        JpegCodes codes = new(symbols.ToArray(), dc);
        int code = 0,
            index = 0;
        for (int length = 1; length <= 16; length++)
        {
            codes._offset[length] = index - code;
            for (int i = counts[length - 1]; i > 0; i--, code++, index++)
                if (LookupBits - length is var spare and >= 0 && code < 1 << length)
                    codes._lookup.AsSpan(code << spare, 1 << spare).Fill((ushort)((symbols[index] << 8) | length));
            if (code > 1 << length)
                return null;
            codes._end[length] = code << (16 - length);
            code <<= 1;
        }

        return codes;
    }

    /// <summary>Decodes the next code: its symbol * 256 + its length in bits; 0 if no code matches.</summary>
    /// <param name="bits">The next bits, left-aligned.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ulong bits) => _lookup[(int)(bits >> Shift)] is var found and not 0 ? found : FindLong(bits);

    private int FindLong(ulong bits)
    {
        int code = (int)(bits >> 48);
        for (int length = LookupBits + 1; length <= 16; length++)
            if (code < _end[length])
                return (_symbols[(code >> (16 - length)) + _offset[length]] << 8) | length;
        return 0;
    }

    private uint[] MakeRuns()
    {
        uint[] runs = new uint[1 << LookupBits];
        for (int start = 0; start < runs.Length; start++)
        {
            int used = 0,
                reach = 0,
                before = 255; // number of bits, number of coefficients with and without the last one
            while (used < LookupBits && reach < (_dc ? 1 : 64))
            {
                int found = _lookup[(start << used) & (runs.Length - 1)],
                    length = found & 0xFF,
                    symbol = found >> 8;
                if (found == 0 || used + length > LookupBits)
                    break; // the code is not complete in these 11 bits
                before = reach;
                reach += Step(symbol);
                used += length + (symbol & 15);
            }

            runs[start] = (uint)(used | (reach << 8) | (before << 16));
        }

        return runs;
    }
}
