using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace AaClip.Scoring.Images.Files;

/// <summary>
/// Reads the bits of an entropy-coded segment up to the next marker, without the stuffed zero byte after each byte FF. After the end it
/// returns zeros without limit.
/// </summary>
/// <param name="data">From the first byte of the segment to the end of the file.</param>
internal ref struct JpegBits(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private int _at; // next byte to load into the register
    private int _marker = Math.Max(data.IndexOf((byte)0xFF), 0); // no byte before this index is FF
    private int _invented; // number of zero bits added after the end, including those already used

    /// <summary>The next bits, left-aligned.</summary>
    public ulong Register;

    /// <summary>Number of valid bits in the register.</summary>
    public int Count;

    /// <summary>True if more bits were used than the segment has.</summary>
    public readonly bool Overdrawn => Count < _invented;

    /// <summary>True if fewer bits are left than the longest code has (16).</summary>
    public readonly bool Ended => Count - _invented < 16 && _invented > 0;

    /// <summary>Loads the register so that it has at least 32 bits.</summary>
    public void Fill()
    {
        if (Count < 32)
            Refill(ref Register, ref Count);
    }

    /// <summary>Skips bits that are in the register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int bits)
    {
        Register <<= bits;
        Count -= bits;
    }

    /// <summary>Skips any number of bits.</summary>
    public void SkipMany(int bits)
    {
        for (; bits > 0; bits -= 32)
        {
            Fill();
            Skip(Math.Min(bits, 32));
        }
    }

    /// <summary>Index in the data where the used bytes of the segment end. Call only if <see cref="Overdrawn"/> is false.</summary>
    public readonly int End()
    {
        int at = _at,
            unused = (Count - _invented) >> 3; // whole bytes that were loaded but not used
        for (; unused > 0; unused--)
            at -= at >= 2 && _data[at - 1] == 0 && _data[at - 2] == 0xFF ? 2 : 1;
        return at;
    }

    /// <summary>Loads a register so that it has at least 56 bits.</summary>
    /// <param name="register">The next bits, left-aligned.</param>
    /// <param name="count">Number of valid bits, at most 63.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Refill(ref ulong register, ref int count)
    {
        if (_at + 8 > _marker)
        {
            (register, count) = RefillByBytes(register, count);
            return;
        }

        register |= BinaryPrimitives.ReadUInt64BigEndian(_data[_at..]) >> count;
        _at += (63 - count) >> 3;
        count |= 56;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (ulong Register, int Count) RefillByBytes(ulong register, int count)
    {
        for (; count < 56; count += 8)
        {
            ulong next = 0;
            if (_at >= _data.Length || (_data[_at] == 0xFF && (_at + 1 >= _data.Length || _data[_at + 1] != 0)))
            {
                _invented += 8;
            }
            else
            {
                next = _data[_at];
                _at += next == 0xFF ? 2 : 1;
            }

            register |= next << (56 - count);
        }

        if (_at > _marker)
            _marker = _at + (_data[_at..].IndexOf((byte)0xFF) is var skip and >= 0 ? skip : _data.Length - _at);
        return (register, count);
    }
}
