using System.Runtime.CompilerServices;

namespace AaClip.Scoring.Images.Files;

/// <summary>
/// One Huffman table of a JPEG (ITU-T T.81, annex C), made to walk over coded coefficients without their values: a code gives a
/// symbol, whose low half says how many more bits the coefficient has, and whose high half how many zeros stand before it.
/// </summary>
internal sealed class JpegCodes
{
    private const int LookupBits = 11; // longer codes are rare, and larger tables slower

    /// <summary>What moves the next bits of a left-aligned register down to an index into <see cref="Runs"/>.</summary>
    public const int Shift = 64 - LookupBits;

    private readonly byte[] _symbols;
    private readonly int[] _end = new int[17]; // of each length: one more than its last code, moved to the left end of 16 bits
    private readonly int[] _offset = new int[17]; // of each length: index of a symbol less its code
    private readonly ushort[] _lookup = new ushort[1 << LookupBits]; // symbol * 256 + bits of its code; 0 where it is longer
    private readonly bool _dc;
    private uint[]? _runs;

    private JpegCodes(byte[] symbols, bool dc)
    {
        _symbols = symbols;
        _dc = dc;
    }

    /// <summary>
    /// For each 11 bits that may come, as many coefficients of a sequential block as their codes show: bits of the codes and
    /// coefficients, at most 26; from bit 8 how far they lead, 64 or more when they end the block; from bit 16 how far all but the
    /// last lead: the entry holds for blocks that have so many coefficients left. 255 there: no entry. Of a DC table one difference.
    /// </summary>
    public uint[] Runs => _runs ??= MakeRuns();

    /// <summary>True where a symbol is one that a DC table cannot hold: a difference of more than 15 bits.</summary>
    public bool TooWideForDc => _symbols.Any(s => s > 15);

    /// <summary>How far a symbol leads in a sequential block.</summary>
    public int Step(int symbol) =>
        _dc ? 1
        : symbol == 0 ? 64
        : (symbol & 15) == 0 ? 16
        : (symbol >> 4) + 1;

    /// <summary>Reads a table; null when its codes do not fit into their lengths.</summary>
    /// <param name="counts">[16], the number of codes of each length.</param>
    /// <param name="symbols">In the order of their codes.</param>
    /// <param name="dc">True for a table of first coefficients, false for one of the others.</param>
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

    /// <summary>The next code: its symbol * 256 + its bits; 0 when no code begins so.</summary>
    /// <param name="bits">The bits to come, left-aligned.</param>
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
                before = 255; // bits, and coefficients with and without the last
            while (used < LookupBits && reach < (_dc ? 1 : 64))
            {
                int found = _lookup[(start << used) & (runs.Length - 1)],
                    length = found & 0xFF,
                    symbol = found >> 8;
                if (found == 0 || used + length > LookupBits)
                    break; // the bits that are missing might make it another code
                before = reach;
                reach += Step(symbol);
                used += length + (symbol & 15);
            }

            runs[start] = (uint)(used | (reach << 8) | (before << 16));
        }

        return runs;
    }
}
