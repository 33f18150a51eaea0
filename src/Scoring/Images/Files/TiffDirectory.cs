using System.Buffers.Binary;

namespace AaClip.Scoring.Images.Files;

/// <summary>An image file directory of a TIFF, or of EXIF, which has the same layout (TIFF 6.0, section 2).</summary>
internal sealed class TiffDirectory
{
    private readonly ReadOnlyMemory<byte> _file;
    private readonly Dictionary<int, (int Type, long Count, long At)> _fields = [];
    private readonly HashSet<int> _repeated = [];

    private TiffDirectory(ReadOnlyMemory<byte> file)
    {
        _file = file;
        Little = file.Span[0] == (byte)'I';
    }

    /// <summary>True if numbers are little-endian.</summary>
    public bool Little { get; }

    /// <summary>Offset of the next directory; 0 after the last one.</summary>
    public long Next { get; private set; }

    /// <summary>Reads the fields of the first directory.</summary>
    /// <param name="file">The file, starting at its byte order mark.</param>
    /// <param name="trouble">The error, as the end of a sentence about the file.</param>
    /// <returns>Null on an error.</returns>
    public static TiffDirectory? Read(ReadOnlyMemory<byte> file, out string trouble)
    {
        trouble = "its header needs 8";
        return file.Length < 8 ? null : Read(file, new TiffDirectory(file).Number(4, 4), out trouble);
    }

    /// <summary>Reads the fields of the directory at an offset.</summary>
    public static TiffDirectory? Read(ReadOnlyMemory<byte> file, long start, out string trouble)
    {
        TiffDirectory directory = new(file);
        trouble = $"its directory should be at byte {start}";
        if (start < 8 || start + 2 > file.Length)
            return null;
        long entries = directory.Number(start, 2);
        trouble = $"its directory at byte {start} should have {entries} entries";
        if (entries == 0 || start + 2 + (entries * 12) > file.Length)
            return null;
        long end = start + 2 + (entries * 12);
        directory.Next = end + 4 <= file.Length ? directory.Number(end, 4) : 0;
        for (long at = start + 2; at < end; at += 12)
        {
            (int tag, int type, long count) = ((int)directory.Number(at, 2), (int)directory.Number(at + 2, 2), directory.Number(at + 4, 4));
            long values = count * Size(type) <= 4 ? at + 8 : directory.Number(at + 8, 4);
            if (!directory._fields.TryAdd(tag, (type, count, values)))
                directory._repeated.Add(tag);
        }

        return directory;
    }

    /// <summary>The orientation tag of EXIF; 1 if there is none or the directory is damaged.</summary>
    public static int Orientation(ReadOnlyMemory<byte> exif) =>
        exif.Span.StartsWith("II*\0"u8) || exif.Span.StartsWith("MM\0*"u8) ? Read(exif, out _)?.First(274, 1) ?? 1 : 1;

    /// <summary>How often a tag occurs in the directory: 0, 1, or 2 for more than once. The first occurrence is used.</summary>
    public int Times(int tag) =>
        _repeated.Contains(tag) ? 2
        : _fields.ContainsKey(tag) ? 1
        : 0;

    /// <summary>The first number of a field.</summary>
    /// <param name="tag">Number of the field.</param>
    /// <param name="absent">Result if the field is absent or has no number.</param>
    public int First(int tag, int absent) => Values(tag, 1) is [var value, ..] ? (int)Math.Min(value, int.MaxValue) : absent;

    /// <summary>The numbers of a field: bytes, 16-bit or 32-bit integers, or rational numbers, which give two numbers each.</summary>
    /// <param name="tag">Number of the field.</param>
    /// <param name="most">Maximum number of values to return.</param>
    /// <returns>Empty if the field is absent, has another type, or lies outside the file.</returns>
    public uint[] Values(int tag, long most)
    {
        if (!_fields.TryGetValue(tag, out (int Type, long Count, long At) field) || field.Type is not (1 or 3 or 4 or 5))
            return [];
        (int size, long count) = field.Type == 5 ? (4, 2 * field.Count) : (Size(field.Type), field.Count);
        if (field.At + (count * size) > _file.Length)
            return [];
        uint[] values = new uint[Math.Min(count, most)];
        for (int i = 0; i < values.Length; i++)
            values[i] = Number(field.At + ((long)i * size), size);
        return values;
    }

    private static int Size(int type) =>
        type switch
        {
            1 or 2 or 6 or 7 => 1,
            3 or 8 => 2,
            5 or 10 or 12 => 8,
            _ => 4,
        };

    private uint Number(long at, int size)
    {
        ReadOnlySpan<byte> bytes = _file.Span.Slice((int)at, size);
        return (size, Little) switch
        {
            (1, _) => bytes[0],
            (2, true) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            (2, _) => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            (_, true) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadUInt32BigEndian(bytes),
        };
    }
}
