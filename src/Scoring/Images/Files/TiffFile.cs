using System.Buffers.Binary;
using System.Numerics;

namespace AaClip.Scoring.Images.Files;

/// <summary>
/// Finds the full-size image of a TIFF, reads its directory and writes a new directory for the decoder with the checked fields only: no
/// further pages, no nested directories, no metadata. Unsupported compressions are rejected by name. With JPEG in a TIFF, ImageSharp 2.1
/// treats a strip as a file and detects its format again, until a stack overflow ends the process.
/// </summary>
internal static class TiffFile
{
    private const int Width = 256,
        Height = 257,
        BitsPerSample = 258,
        Compression = 259,
        Photometric = 262,
        StripOffsets = 273;
    private const int Orientation = 274,
        SamplesPerPixel = 277,
        RowsPerStrip = 278,
        StripByteCounts = 279,
        Planar = 284;
    private const int NewSubfileType = 254,
        SubfileType = 255,
        MaxSampleValue = 281,
        Inner = 330,
        MostDirectories = 64;
    private const int TileWidth = 322,
        TileByteCounts = 325;

    private const string Remedy = "save it uncompressed, or with LZW, Deflate or PackBits compression, or as PNG";

    /// <summary>
    /// Fields that are copied unchanged: FillOrder, Predictor, ColorMap, ExtraSamples, SampleFormat, and three fields of YCbCr.
    /// </summary>
    private static readonly (int Tag, int Type, int Most)[] Copied =
    [
        (266, 3, 1),
        (317, 3, 1),
        (320, 3, 3 * 256),
        (338, 3, 4),
        (339, 3, 4),
        (529, 5, 6),
        (530, 3, 2),
        (532, 5, 12),
    ];

    /// <summary>Reads the largest page.</summary>
    /// <exception cref="ImageRejectedException">
    /// A part is missing, the size is outside the limits, or the kind is not supported.
    /// </exception>
    public static ImageStructure Read(ImageFile image)
    {
        TiffDirectory first = TiffDirectory.Read(image.Bytes, out string trouble) ?? throw image.Damaged(trouble);
        TiffDirectory directory = FullSize(image, first);
        for (int tag = TileWidth; tag <= TileByteCounts; tag++)
            if (directory.Times(tag) > 0)
                throw image.NotRead("a tiled TIFF", "save it in strips, or as PNG");
        if (directory.Times(Compression) != 1)
            throw image.Damaged($"its directory names a compression {(directory.Times(Compression) == 0 ? "nowhere" : "more than once")}");
        int compression = directory.First(Compression, 0);
        if (compression is not (1 or 5 or 8 or 32946 or 32773))
            throw image.NotRead($"a TIFF with {Name(compression)} compression ({compression})", Remedy);
        (long width, long height) = (directory.First(Width, 0), directory.First(Height, 0));
        image.CheckSize(width, height);

        int samples = directory.First(SamplesPerPixel, 1),
            photometric = directory.First(Photometric, -1);
        uint[] bits = directory.Values(BitsPerSample, 5) is { Length: > 0 } stored ? stored : [1];
        if (photometric == 5)
            throw image.NotRead("a TIFF in CMYK colours", "save it as RGB");
        if (samples is < 1 or > 4 || bits.Length > 4 || bits.Any(b => b is < 1 or > 32))
            throw image.NotRead($"a TIFF of {samples} samples of {bits[0]} bits for each pixel");
        if (bits.Length < samples)
            bits = [.. Enumerable.Repeat(bits[0], samples)];

        List<(int Tag, int Type, uint[] Values)> fields =
        [
            (Width, 4, [(uint)width]),
            (Height, 4, [(uint)height]),
            (BitsPerSample, 3, bits),
            (Compression, 3, [(uint)compression]),
            (SamplesPerPixel, 3, [(uint)bits.Length]),
            .. Strips(image, directory, (int)width, (int)height, bits, compression),
        ];
        if (photometric >= 0)
            fields.Add((Photometric, 3, [(uint)photometric]));
        foreach ((int tag, int type, int most) in Copied)
            if (directory.Values(tag, most) is { Length: > 0 } values)
                fields.Add((tag, type, values));
        return new ImageStructure((int)width, (int)height, WithDirectory(image.Bytes, directory.Little, fields))
        {
            Depth = bits[0] == 16 ? 16 : 8,
            Grey = bits.Length == 1 && photometric is 0 or 1,
            UsedBits = BitsOf(directory.Values(MaxSampleValue, 4)),
            Orientation = directory.First(Orientation, 1),
        };
    }

    /// <summary>
    /// Finds the directory of the full-size image. Files from scanners and cameras may also contain thumbnails and masks, in any order and
    /// in nested directories. Directories that cannot be read are skipped. If several full-size images have the largest size, the file is
    /// rejected, because the right one is unknown.
    /// </summary>
    private static TiffDirectory FullSize(ImageFile image, TiffDirectory first)
    {
        List<TiffDirectory> all = [first];
        HashSet<long> seen = [];
        Queue<long> open = new(Following(first));
        while (open.TryDequeue(out long at) && all.Count < MostDirectories)
            if (at != 0 && seen.Add(at) && TiffDirectory.Read(image.Bytes, at, out _) is { } further)
            {
                all.Add(further);
                foreach (long next in Following(further))
                    open.Enqueue(next);
            }

        // Flags: 1 = reduced image, 4 = mask
        TiffDirectory[] full = [.. all.Where(d => (d.First(NewSubfileType, 0) & 5) == 0 && d.First(SubfileType, 1) != 2)];
        if (full.Length == 0)
            throw image.NotRead("a TIFF that holds a reduced picture alone", "save the picture at its full size");
        long most = full.Max(Pixels);
        TiffDirectory[] largest = [.. full.Where(d => Pixels(d) == most)];
        return largest is [var one]
            ? one
            : throw image.NotRead($"a TIFF of {largest.Length} pictures of equal size", "save the one to be scored as a file of its own");

        static long Pixels(TiffDirectory d) => (long)d.First(Width, 0) * d.First(Height, 0);

        static IEnumerable<long> Following(TiffDirectory d) => [d.Next, .. d.Values(Inner, MostDirectories).Select(v => (long)v)];
    }

    /// <summary>
    /// Number of used bits if the largest value is all ones, such as 4095. Null for other values, because some programs write the image's
    /// own maximum.
    /// </summary>
    private static int? BitsOf(uint[] most) =>
        most.Length > 0 && most.Max() is var value and > 0 and < ushort.MaxValue && (value & (value + 1)) == 0
            ? BitOperations.PopCount(value)
            : null;

    /// <summary>
    /// The strips of the image. Each must lie inside the file, and together they must not be longer than the file, so that a strip is not
    /// read many times.
    /// </summary>
    private static (int Tag, int Type, uint[] Values)[] Strips(
        ImageFile image,
        TiffDirectory directory,
        int width,
        int height,
        uint[] bits,
        int compression
    )
    {
        int planar = directory.First(Planar, 1),
            rows = Math.Min(directory.First(RowsPerStrip, height), height);
        if (rows < 1 || planar is not (1 or 2))
            throw image.Damaged("its directory makes no sense");
        int down = (height + rows - 1) / rows,
            all = planar == 2 ? down * bits.Length : down;
        uint[] offsets = directory.Values(StripOffsets, all),
            counts = directory.Values(StripByteCounts, all);
        if (offsets.Length < all || counts.Length < all)
            throw image.Damaged($"its directory names {Math.Min(offsets.Length, counts.Length)} of {all} strips of pixel data");
        bool exact = compression == 1 && directory.First(Photometric, -1) != 6; // YCbCr stores fewer samples
        long total = 0;
        for (int i = 0; i < all; i++)
        {
            long row = ((width * (planar == 2 ? bits[i / down] : bits.Sum(b => b))) + 7) / 8;
            long needed = exact ? row * Math.Min(rows, height - (i % down * rows)) : 1;
            if (offsets[i] + Math.Max(counts[i], needed) > image.Bytes.Length)
                throw image.Damaged($"strip {i} of its pixel data should reach to byte {offsets[i] + Math.Max(counts[i], needed)}");
            if (counts[i] < needed || (total += counts[i]) > image.Bytes.Length)
                throw image.Damaged($"strip {i} of its pixel data cannot have {counts[i]} bytes");
        }

        return [(StripOffsets, 4, offsets), (StripByteCounts, 4, counts), (RowsPerStrip, 4, [(uint)rows]), (Planar, 3, [(uint)planar])];
    }

    /// <summary>The file with a new directory appended, and a header that points to it.</summary>
    private static SplicedStream WithDirectory(ReadOnlyMemory<byte> file, bool little, List<(int Tag, int Type, uint[] Values)> fields)
    {
        int start = file.Length + (file.Length & 1),
            behind = start + 2 + (fields.Count * 12) + 4; // a directory starts at an even offset
        using MemoryStream directory = new(),
            values = new();
        Put(directory, 2, (uint)fields.Count);
        foreach ((int tag, int type, uint[] numbers) in fields.OrderBy(f => f.Tag))
        {
            int size = type == 3 ? 2 : 4;
            Put(directory, 2, (uint)tag);
            Put(directory, 2, (uint)type);
            Put(directory, 4, (uint)(type == 5 ? numbers.Length / 2 : numbers.Length));
            bool inside = numbers.Length * size <= 4;
            if (!inside)
                Put(directory, 4, (uint)(behind + values.Length));
            foreach (uint number in numbers)
                Put(inside ? directory : values, size, number);
            for (int filled = numbers.Length * size; inside && filled < 4; filled++)
                directory.WriteByte(0);
        }

        Put(directory, 4, 0); // no further directory
        using MemoryStream header = new();
        header.Write(file.Span[..4]);
        Put(header, 4, (uint)start);
        return new SplicedStream([header.ToArray(), file[8..], new byte[start - file.Length], directory.ToArray(), values.ToArray()]);

        void Put(MemoryStream target, int size, uint number)
        {
            Span<byte> bytes = stackalloc byte[4];
            if (little)
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
            else
                BinaryPrimitives.WriteUInt32BigEndian(bytes, size == 2 ? number << 16 : number);
            target.Write(bytes[..size]);
        }
    }

    private static string Name(int compression) =>
        compression switch
        {
            2 or 3 or 4 => "fax",
            6 or 7 => "JPEG",
            33003 or 33005 or 34712 => "JPEG 2000",
            34887 => "LERC",
            34925 => "LZMA",
            50000 => "Zstandard",
            50001 => "WebP",
            _ => "an unknown",
        };
}
