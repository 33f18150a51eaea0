using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace AaClip.Scoring.Images.Files;

/// <summary>
/// The bits of an entropy-coded segment up to its marker, without the zero that is stuffed behind each byte FF; then zeros for ever.
/// </summary>
/// <param name="data">From the first byte of the segment to the end of the file.</param>
internal ref struct JpegBits(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private int _at; // the next byte that is not in the register
    private int _marker = Math.Max(data.IndexOf((byte)0xFF), 0); // up to here no byte is FF
    private int _invented; // zeros given out behind the end, in the register or used

    /// <summary>The bits to come, left-aligned.</summary>
    public ulong Register;

    /// <summary>How many bits of the register are filled.</summary>
    public int Count;

    /// <summary>True when more bits were used than there are.</summary>
    public readonly bool Overdrawn => Count < _invented;

    /// <summary>True when fewer bits are left than the longest code has.</summary>
    public readonly bool Ended => Count - _invented < 16 && _invented > 0;

    /// <summary>Makes sure that at least 32 bits are in the register.</summary>
    public void Fill()
    {
        if (Count < 32)
            Refill(ref Register, ref Count);
    }

    /// <summary>Uses up bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int bits)
    {
        Register <<= bits;
        Count -= bits;
    }

    /// <summary>Uses up any number of bits.</summary>
    public void SkipMany(int bits)
    {
        for (; bits > 0; bits -= 32)
        {
            Fill();
            Skip(Math.Min(bits, 32));
        }
    }

    /// <summary>Where the segment's used bytes end, as an index into the data; nothing was overdrawn.</summary>
    public readonly int End()
    {
        int at = _at,
            unused = (Count - _invented) >> 3; // whole bytes that were read and not used
        for (; unused > 0; unused--)
            at -= at >= 2 && _data[at - 1] == 0 && _data[at - 2] == 0xFF ? 2 : 1;
        return at;
    }

    /// <summary>Fills a register to 56 bits at least.</summary>
    /// <param name="register">The bits to come, left-aligned.</param>
    /// <param name="count">How many there are, at most 63.</param>
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
