using System.Buffers;

namespace AaClip.Pipeline.Results.Counts;

/// <summary>
/// How many raw scores lie in each of 256 bins: bin i holds [i/256, (i+1)/256); the first and the last also what is below 0 and from 1 on.
/// </summary>
public sealed class ScoreBins
{
    /// <summary>Number of bins.</summary>
    public const int Count = 256;

    private readonly long[] _counts = new long[Count];

    /// <summary>The counts, bin by bin; none is negative.</summary>
    public IReadOnlyList<long> Counts => _counts;

    /// <summary>Number of scores.</summary>
    public long Total => _counts.Sum();

    /// <summary>Counts a score.</summary>
    public void Add(double raw) => _counts[BinOf(raw)]++;

    /// <summary>Adds what others hold.</summary>
    public void Add(ScoreBins others)
    {
        for (int i = 0; i < Count; i++)
            _counts[i] += others._counts[i];
    }

    /// <summary>Takes away what others hold; no count falls below zero.</summary>
    public void Remove(ScoreBins others)
    {
        for (int i = 0; i < Count; i++)
            _counts[i] = Math.Max(0, _counts[i] - others._counts[i]);
    }

    /// <summary>The bin of a raw score.</summary>
    public static int BinOf(double raw) => (int)Math.Clamp(raw * Count, 0, Count - 1); // a product with a power of two is exact

    /// <summary>
    /// The bins that are not empty, in as few bytes as may be: for each, how many bins after the one before it, and its count, both as 7
    /// bits a byte, low ones first, where the high bit says that more follow (LEB128).
    /// </summary>
    internal byte[] Pack()
    {
        ArrayBufferWriter<byte> packed = new();
        int last = -1;
        for (int i = 0; i < Count; i++)
        {
            if (_counts[i] == 0)
                continue;
            Write(packed, i - last);
            Write(packed, _counts[i]);
            last = i;
        }

        return packed.WrittenSpan.ToArray();
    }

    /// <exception cref="InvalidDataException">It is not what <see cref="Pack"/> gives.</exception>
    internal static ScoreBins Unpack(ReadOnlySpan<byte> packed)
    {
        ScoreBins bins = new();
        long bin = -1;
        while (!packed.IsEmpty)
        {
            bin += Read(ref packed);
            if (bin is < 0 or >= Count)
                throw new InvalidDataException($"Counts of scores name bin {bin} of {Count}.");
            bins._counts[bin] = Read(ref packed);
        }

        return bins;
    }

    private static void Write(ArrayBufferWriter<byte> to, long value)
    {
        for (; value >= 0x80; value >>= 7)
            to.Write([(byte)(value | 0x80)]);
        to.Write([(byte)value]);
    }

    private static long Read(ref ReadOnlySpan<byte> from)
    {
        long value = 0;
        for (int shift = 0; shift < 63 && !from.IsEmpty; shift += 7)
        {
            byte next = from[0];
            from = from[1..];
            value |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        throw new InvalidDataException("Counts of scores end too early.");
    }
}
