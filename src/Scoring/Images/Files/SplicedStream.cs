namespace AaClip.Scoring.Images.Files;

/// <summary>
/// A readable, seekable stream over pieces of memory, one behind the other. So a decoder sees the parts of a file that were
/// checked, with a few bytes of our own between them, and nothing of the file is copied.
/// </summary>
internal sealed class SplicedStream(IReadOnlyList<ReadOnlyMemory<byte>> parts) : Stream
{
    private readonly long _length = parts.Sum(p => (long)p.Length);
    private long _position;
    private int _part; // the part that holds the position
    private long _partStart; // where that part begins

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => _length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            if (value < _partStart)
                (_part, _partStart) = (0, 0);
            _position = value;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        int total = 0;
        while (total < buffer.Length && _part < parts.Count)
        {
            ReadOnlySpan<byte> part = parts[_part].Span;
            long at = _position - _partStart;
            if (at >= part.Length)
            {
                _partStart += part.Length;
                _part++;
                continue;
            }

            int count = Math.Min(buffer.Length - total, part.Length - (int)at);
            part.Slice((int)at, count).CopyTo(buffer[total..]);
            total += count;
            _position += count;
        }

        return total;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) =>
        Position =
            offset
            + origin switch
            {
                SeekOrigin.Begin => 0,
                SeekOrigin.Current => _position,
                _ => _length,
            };

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
