using System.Buffers.Binary;

namespace AaClip.Scoring.Images;

/// <summary>Reads the first image file directory of a TIFF (TIFF 6.0, section 2), to see that all its pixel data lie inside the file.</summary>
internal static class TiffDirectory
{
    private const int Entry = 12;

    /// <summary>Null when all is well, else what is wrong, as the end of a sentence about the file.</summary>
    public static string? Read(ReadOnlySpan<byte> file, out FileStructure structure)
    {
        structure = new FileStructure(8, false, 1);
        bool little = file[0] == (byte)'I';
        if (file.Length < 8)
            return "its header needs 8";
        long directory = U32(file, 4, little);
        if (directory < 8 || directory + 2 > file.Length)
            return $"its directory should be at byte {directory}";
        int entries = U16(file, directory, little);
        if (entries == 0 || directory + 2 + ((long)entries * Entry) > file.Length)
            return $"its directory at byte {directory} should have {entries} entries";

        Field bits = default, samples = default, photometric = default, orientation = default, offsets = default, counts = default;
        for (int i = 0; i < entries; i++)
        {
            long at = directory + 2 + ((long)i * Entry);
            Field field = new(U16(file, at + 2, little), U32(file, at + 4, little), at + 8);
            if (field.Count * field.Size > 4)
                field = field with { At = U32(file, at + 8, little) };
            switch (U16(file, at, little))
            {
                case 258: bits = field; break;
                case 262: photometric = field; break;
                case 273 or 324: offsets = field; break; // strips or tiles
                case 274: orientation = field; break;
                case 277: samples = field; break;
                case 279 or 325: counts = field; break;
            }
        }

        foreach (Field field in (ReadOnlySpan<Field>)[bits, samples, photometric, orientation, offsets, counts])
            if (field.At + (field.Count * field.Size) > file.Length)
                return $"a table of its directory should reach to byte {field.At + (field.Count * field.Size)}";
        if (offsets.Count == 0)
            return "its directory names no pixel data";
        for (long i = 0; i < Math.Min(offsets.Count, counts.Count); i++)
        {
            long end = offsets.Value(file, i, little) + counts.Value(file, i, little);
            if (end > file.Length)
                return $"part {i} of its pixel data should reach to byte {end}";
        }

        bool grey = (samples.Count == 0 || samples.Value(file, 0, little) == 1) && photometric.Count > 0 && photometric.Value(file, 0, little) <= 1;
        int depth = bits.Count > 0 && bits.Value(file, 0, little) == 16 ? 16 : 8;
        structure = new FileStructure(depth, grey, orientation.Count > 0 ? (int)orientation.Value(file, 0, little) : 1);
        return null;
    }

    private static ushort U16(ReadOnlySpan<byte> file, long at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(file[(int)at..]) : BinaryPrimitives.ReadUInt16BigEndian(file[(int)at..]);

    private static uint U32(ReadOnlySpan<byte> file, long at, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(file[(int)at..]) : BinaryPrimitives.ReadUInt32BigEndian(file[(int)at..]);

    /// <summary>An array of integers: 3 is 16 bits, 4 is 32 bits, anything else is taken as bytes.</summary>
    private readonly record struct Field(int Type, long Count, long At)
    {
        public int Size => Type switch { 3 => 2, 4 => 4, _ => 1 };

        public long Value(ReadOnlySpan<byte> file, long i, bool little) => Type switch
        {
            3 => U16(file, At + (2 * i), little),
            4 => U32(file, At + (4 * i), little),
            _ => file[(int)(At + i)],
        };
    }
}
