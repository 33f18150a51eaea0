namespace AaClip.Scoring.Images.Files;

/// <summary>
/// Counts the groups of prefix codes of a lossless WebP (RFC 9649, section 3). The number is stored after the small images of the
/// transforms, so their codes must be decoded first.
/// </summary>
internal ref struct WebPGroups
{
    private static ReadOnlySpan<byte> LengthOrder => [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    private readonly ReadOnlySpan<byte> _data;
    private long _bit = 8; // after the signature

    private WebPGroups(ReadOnlySpan<byte> data)
    {
        _data = data;
    }

    private readonly bool Ended => _bit > 8L * _data.Length;

    /// <summary>Reads the data up to the number of groups.</summary>
    /// <param name="picture">The content of a VP8L chunk.</param>
    /// <returns>1 or more; -1 if the data end or are invalid before the first pixel.</returns>
    public static int Count(ReadOnlySpan<byte> picture) => new WebPGroups(picture).Count();

    private int Count()
    {
        int width = Bits(14) + 1,
            height = Bits(14) + 1;
        Bits(4); // alpha flag and version
        for (int transforms = 0; Bits(1) == 1; transforms++)
        {
            int type = Bits(2);
            if (transforms == 4 || Ended)
                return -1;
            if (type == 3) // a palette; with few colours several pixels are packed into one
            {
                int colors = Bits(8) + 1;
                if (Walk(colors, 1) < 0)
                    return -1;
                int shift =
                    colors <= 2 ? 3
                    : colors <= 4 ? 2
                    : colors <= 16 ? 1
                    : 0;
                width = Blocks(width, shift);
            }
            else if (type != 2) // prediction and colour transforms have a small image of parameters; type 2 has none
            {
                int shift = Bits(3) + 2;
                if (Walk(Blocks(width, shift), Blocks(height, shift)) < 0)
                    return -1;
            }
        }

        if (Bits(1) == 1)
            Bits(4); // size of the colour cache
        if (Bits(1) == 0)
            return Ended ? -1 : 1;
        int precision = Bits(3) + 2;
        int last = Walk(Blocks(width, precision), Blocks(height, precision));
        return last < 0 ? -1 : last + 1;
    }

    /// <summary>Number of blocks of size 2^power that cover a length.</summary>
    private static int Blocks(int length, int power) => (length + (1 << power) - 1) >> power;

    /// <summary>Decodes an image that has one group of codes.</summary>
    /// <returns>The largest red * 256 + green of its pixels (copied pixels add no new values); -1 if the data are invalid.</returns>
    private int Walk(int width, int height)
    {
        int cache = Bits(1) == 1 ? Bits(4) : 0;
        if (cache > 11)
            return -1;
        PrefixCode?[] codes = new PrefixCode?[5]; // green and lengths, red, blue, alpha, distances
        for (int i = 0; i < codes.Length; i++)
            if (
                (
                    codes[i] = ReadCode(
                        i switch
                        {
                            0 => 280 + (cache == 0 ? 0 : 1 << cache),
                            4 => 40,
                            _ => 256,
                        }
                    )
                )
                is null
            )
                return -1;
        int largest = 0;
        for (long done = 0, all = (long)width * height; done < all; )
        {
            int symbol = Symbol(codes[0]!);
            if (symbol < 256)
            {
                largest = Math.Max(largest, (Symbol(codes[1]!) << 8) | symbol);
                Symbol(codes[2]!);
                Symbol(codes[3]!);
                done++;
            }
            else if (symbol < 280)
            {
                done += Number(symbol - 256);
                Number(Symbol(codes[4]!));
            }
            else
                done++;
            if (Ended)
                return -1;
        }

        return largest;
    }

    /// <summary>Reads a length or distance; the symbol gives its order of magnitude (section 3.5.2.2).</summary>
    private int Number(int symbol)
    {
        if (symbol < 4)
            return symbol + 1;
        int extra = (symbol - 2) >> 1;
        return ((2 + (symbol & 1)) << extra) + Bits(extra) + 1;
    }

    /// <returns>Null if the lengths form no valid code.</returns>
    private PrefixCode? ReadCode(int alphabet)
    {
        byte[] lengths = new byte[alphabet];
        if (Bits(1) == 1)
        {
            int symbols = Bits(1) + 1,
                first = Bits(Bits(1) == 1 ? 8 : 1),
                second = symbols == 2 ? Bits(8) : first;
            if (Math.Max(first, second) >= alphabet)
                return null;
            lengths[first] = lengths[second] = 1;
            return PrefixCode.Of(lengths);
        }

        byte[] ofLengths = new byte[19];
        for (int i = 0, count = Bits(4) + 4; i < count; i++)
            ofLengths[LengthOrder[i]] = (byte)Bits(3);
        if (PrefixCode.Of(ofLengths) is not { } code)
            return null;
        int left = Bits(1) == 0 ? alphabet : 2 + Bits(2 + (2 * Bits(3)));
        byte previous = 8;
        for (int at = 0; at < alphabet && left > 0 && !Ended; left--)
        {
            int symbol = Symbol(code);
            (byte length, int times) = symbol switch
            {
                < 16 => ((byte)symbol, 1),
                16 => (previous, 3 + Bits(2)),
                17 => ((byte)0, 3 + Bits(3)),
                _ => ((byte)0, 11 + Bits(7)),
            };
            if (at + times > alphabet)
                return null;
            lengths.AsSpan(at, times).Fill(length);
            at += times;
            previous = symbol is > 0 and < 16 ? length : previous;
        }

        return PrefixCode.Of(lengths);
    }

    private int Symbol(PrefixCode code)
    {
        int word = 0;
        for (int length = 0; ; length++)
        {
            if (code.Find(word, length) is var symbol and >= 0)
                return symbol;
            if (length == 15)
                return 0;
            word = (word << 1) | Bits(1);
        }
    }

    /// <summary>Reads a number, lowest bit first; bits after the end are 0.</summary>
    private int Bits(int count)
    {
        int value = 0;
        for (int i = 0; i < count; i++, _bit++)
            if (_bit >> 3 < _data.Length)
                value |= (_data[(int)(_bit >> 3)] >> (int)(_bit & 7) & 1) << i;
        return value;
    }

    /// <summary>A canonical prefix code (section 3.7.2.1): its symbols in order of length, then of value.</summary>
    private sealed class PrefixCode
    {
        private readonly int[] _first = new int[17],
            _count = new int[16],
            _index = new int[17];
        private readonly int[] _symbols;

        private PrefixCode(ReadOnlySpan<byte> lengths)
        {
            _symbols = [.. SymbolsByLength(lengths)];
            foreach (byte length in lengths)
                _count[length]++;
            _count[0] = 0;
            for (int length = 1; length <= 16; length++)
            {
                _first[length] = (_first[length - 1] + _count[length - 1]) << 1;
                _index[length] = _index[length - 1] + _count[length - 1];
            }

            if (_symbols.Length == 1) // a single symbol needs no bits
                (_count, _first, _index) = ([1, .. new int[15]], new int[17], new int[17]);
        }

        /// <summary>Null if the lengths form no complete code.</summary>
        public static PrefixCode? Of(ReadOnlySpan<byte> lengths)
        {
            PrefixCode code = new(lengths);
            return code._symbols.Length == 1 || code._first[16] == 1 << 16 ? code : null;
        }

        /// <summary>The symbol of a code word; -1 if there is none.</summary>
        public int Find(int word, int length) =>
            word - _first[length] is var offset && offset >= 0 && offset < _count[length] ? _symbols[_index[length] + offset] : -1;

        private static List<int> SymbolsByLength(ReadOnlySpan<byte> lengths)
        {
            List<int> symbols = [];
            for (int length = 1; length < 16; length++)
            for (int symbol = 0; symbol < lengths.Length; symbol++)
                if (lengths[symbol] == length)
                    symbols.Add(symbol);
            return symbols;
        }
    }
}
