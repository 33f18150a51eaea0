using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp.Decoding;

/// <summary>
/// Reads Windows and OS/2 bitmaps: 1, 4, 8, 16, 24 and 32 bits per pixel, rows from bottom or top, colour masks, RLE8 and RLE4.
/// Alpha is ignored. Written from Microsoft's description of BITMAPFILEHEADER, BITMAPINFOHEADER and bitmap compression.
/// </summary>
internal sealed class BmpFile
{
    private const int FileHeader = 14;
    private const int Rgb = 0, Rle8 = 1, Rle4 = 2, BitFields = 3, AlphaBitFields = 6;

    private readonly uint[] _masks = new uint[3];
    private readonly Rgb24[] _palette = [];
    private readonly bool _topDown;
    private readonly int _bits;
    private readonly int _compression;
    private readonly int _pixels;

    private BmpFile(ReadOnlySpan<byte> file)
    {
        _pixels = BinaryPrimitives.ReadInt32LittleEndian(Part(file, 10, 4));
        int header = BinaryPrimitives.ReadInt32LittleEndian(Part(file, 14, 4));
        bool os2 = header == 12;
        if (!os2 && header is < 40 or > 124)
            throw new InvalidImageContentException($"BMP: an info header of {header} bytes is not known");

        ReadOnlySpan<byte> info = Part(file, FileHeader, header);
        int height = os2 ? BinaryPrimitives.ReadUInt16LittleEndian(info[6..]) : BinaryPrimitives.ReadInt32LittleEndian(info[8..]);
        Width = os2 ? BinaryPrimitives.ReadUInt16LittleEndian(info[4..]) : BinaryPrimitives.ReadInt32LittleEndian(info[4..]);
        _topDown = height < 0;
        if (Width <= 0 || height is 0 or int.MinValue)
            throw new InvalidImageContentException($"BMP: the size {Width} x {height} is impossible");
        Height = Math.Abs(height);
        _bits = BinaryPrimitives.ReadUInt16LittleEndian(info[(os2 ? 10 : 14)..]);
        _compression = os2 ? Rgb : BinaryPrimitives.ReadInt32LittleEndian(info[16..]);
        bool known = (_compression, _bits) is (Rgb, 1 or 4 or 8 or 16 or 24 or 32) or (Rle8, 8) or (Rle4, 4) or (BitFields or AlphaBitFields, 16 or 32);
        if (!known)
            throw new InvalidImageContentException($"BMP: {_bits} bits with compression {_compression} are not known");

        int afterHeader = FileHeader + header;
        if (_compression is BitFields or AlphaBitFields)
        {
            for (int i = 0; i < 3; i++)
                _masks[i] = BinaryPrimitives.ReadUInt32LittleEndian(Part(file, FileHeader + 40 + (4 * i), 4)); // the same place in every header
            afterHeader = Math.Max(afterHeader, FileHeader + 40 + (_compression == BitFields ? 12 : 16));
        }
        else
        {
            _masks = _bits == 16 ? [0x7C00, 0x03E0, 0x001F] : [0xFF0000, 0x00FF00, 0x0000FF];
        }

        if (_bits <= 8)
            _palette = ReadPalette(file, afterHeader, os2 ? 3 : 4, os2 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(info[32..]));
    }

    public int Width { get; }

    public int Height { get; }

    public static bool Is(ReadOnlySpan<byte> file) => file.StartsWith("BM"u8);

    /// <exception cref="InvalidImageContentException">The headers are damaged or of an unknown kind.</exception>
    public static BmpFile Parse(ReadOnlySpan<byte> file) => new(file);

    /// <exception cref="InvalidImageContentException">There are fewer pixels than the header promises.</exception>
    public Image<TPixel> Decode<TPixel>(ReadOnlySpan<byte> file)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        if (typeof(TPixel) != typeof(Rgb24))
            throw new NotSupportedException($"The polyfill decodes BMP to Rgb24, not to {typeof(TPixel).Name}.");

        ReadOnlySpan<byte> data = Part(file, _pixels, Math.Max(0, file.Length - (long)_pixels));
        long stride = (((long)Width * _bits) + 31) / 32 * 4;
        bool packed = _compression is Rle8 or Rle4;
        if (!packed && stride * Height > data.Length)
            throw new InvalidImageContentException($"BMP: {Width} x {Height} pixels of {_bits} bits need {stride * Height} bytes, but {data.Length} are left");

        Image<TPixel> image = new(Width, Height);
        try
        {
            Span<Rgb24> target = MemoryMarshal.Cast<TPixel, Rgb24>(image.Pixels);
            if (packed)
                Unpack(data, target);
            else
                for (int y = 0; y < Height; y++)
                    ReadRow(data.Slice((int)(y * stride), (int)stride), Row(target, y));
        }
        catch
        {
            image.Dispose();
            throw;
        }

        return image;
    }

    private Rgb24[] ReadPalette(ReadOnlySpan<byte> file, int start, int entry, uint declared)
    {
        int space = Math.Max(0, (_pixels > start ? Math.Min(_pixels, file.Length) : file.Length) - start) / entry;
        int count = (int)Math.Min(declared == 0 ? 1u << _bits : declared, Math.Min(space, 1 << _bits));
        Rgb24[] palette = new Rgb24[1 << _bits]; // what the file leaves out stays black
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> bgr = Part(file, start + (i * entry), 3);
            palette[i] = new Rgb24(bgr[2], bgr[1], bgr[0]);
        }

        return palette;
    }

    private Span<Rgb24> Row(Span<Rgb24> target, int y) => target.Slice((_topDown ? y : Height - 1 - y) * Width, Width);

    private void ReadRow(ReadOnlySpan<byte> row, Span<Rgb24> target)
    {
        switch (_bits)
        {
            case 24:
                for (int x = 0; x < target.Length; x++)
                    target[x] = new Rgb24(row[(3 * x) + 2], row[(3 * x) + 1], row[3 * x]);
                break;
            case 16:
                for (int x = 0; x < target.Length; x++)
                    target[x] = Masked(BinaryPrimitives.ReadUInt16LittleEndian(row[(2 * x)..]));
                break;
            case 32:
                for (int x = 0; x < target.Length; x++)
                    target[x] = Masked(BinaryPrimitives.ReadUInt32LittleEndian(row[(4 * x)..]));
                break;
            default:
                int perByte = 8 / _bits;
                for (int x = 0; x < target.Length; x++)
                    target[x] = _palette[(row[x / perByte] >> (8 - _bits - (x % perByte * _bits))) & ((1 << _bits) - 1)];
                break;
        }
    }

    private Rgb24 Masked(uint value) => new(Channel(value, _masks[0]), Channel(value, _masks[1]), Channel(value, _masks[2]));

    private static byte Channel(uint value, uint mask)
    {
        if (mask == 0)
            return 0;
        int shift = BitOperations.TrailingZeroCount(mask);
        uint max = mask >> shift;
        return (byte)((((ulong)((value & mask) >> shift) * 255) + (max / 2)) / max);
    }

    /// <summary>Pairs (count, value), or (0, code): 0 ends the row, 1 the image, 2 skips, from 3 on that many pixels follow as they are.</summary>
    private void Unpack(ReadOnlySpan<byte> data, Span<Rgb24> target)
    {
        target.Fill(_palette[0]);
        int perByte = 8 / _bits;
        int x = 0, y = 0, at = 0;
        while (y < Height)
        {
            int count = Next(data, ref at), value = Next(data, ref at);
            if (count > 0)
            {
                for (int i = 0; i < count; i++)
                    Put(target, x++, y, Index(value, i));
            }
            else if (value == 0)
            {
                (x, y) = (0, y + 1);
            }
            else if (value == 1)
            {
                return;
            }
            else if (value == 2)
            {
                x += Next(data, ref at);
                y += Next(data, ref at);
            }
            else
            {
                int start = at;
                for (int i = 0, bytes = 0; i < value; i++)
                {
                    if (i % perByte == 0)
                        bytes = Next(data, ref at);
                    Put(target, x++, y, Index(bytes, i));
                }

                at += (at - start) & 1; // runs end on an even byte
            }
        }
    }

    private int Index(int value, int i) => _bits == 8 ? value : (value >> (i % 2 == 0 ? 4 : 0)) & 15;

    private void Put(Span<Rgb24> target, int x, int y, int index)
    {
        if (x >= Width)
            throw new InvalidImageContentException($"BMP: row {y} holds more than its {Width} pixels");
        Row(target, y)[x] = _palette[index];
    }

    private static int Next(ReadOnlySpan<byte> data, ref int at) =>
        at < data.Length ? data[at++] : throw new InvalidImageContentException("BMP: the packed pixels stop before the end of the image");

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> file, long start, long length) =>
        start >= 0 && length >= 0 && start + length <= file.Length
            ? file.Slice((int)start, (int)length)
            : throw new InvalidImageContentException($"BMP: the file ends at byte {file.Length}, before byte {start + length}");
}
