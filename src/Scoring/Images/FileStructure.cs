using System.Buffers.Binary;

namespace AaClip.Scoring.Images;

/// <summary>
/// What the skeleton of an image file says, read without decoding. Decoders differ in what they make of a file that was cut off
/// (ImageSharp fills the rest of a JPEG with grey, libvips can be told to refuse); a look at the skeleton makes every one of them
/// refuse it. What it cannot see is damage inside compressed data; that is left to the decoder's own checks (PNG checksums, Huffman codes).
/// </summary>
/// <param name="Depth">Bits of a sample as stored, where the format has more than 8; otherwise 8.</param>
/// <param name="Grey">One sample per pixel, of brightness. Only said of PNG and TIFF.</param>
/// <param name="Orientation">The orientation tag of a TIFF; otherwise 1.</param>
internal readonly record struct FileStructure(int Depth, bool Grey, int Orientation)
{
    private static readonly FileStructure Plain = new(8, false, 1);

    /// <summary>The format by the first bytes; null when it is none of those that are read.</summary>
    public static ImageFileFormat? Detect(ReadOnlySpan<byte> file) =>
        file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? ImageFileFormat.Jpeg
        : file.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]) ? ImageFileFormat.Png
        : file.StartsWith("BM"u8) ? ImageFileFormat.Bmp
        : file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8) ? ImageFileFormat.Tiff
        : file.Length >= 12 && file.StartsWith("RIFF"u8) && file[8..].StartsWith("WEBP"u8) ? ImageFileFormat.WebP
        : null;

    /// <summary>Walks through the file's parts to the end of its first image.</summary>
    /// <exception cref="ImageRejectedException">A part lies beyond the end of the file, or the end is missing.</exception>
    public static FileStructure Read(ReadOnlySpan<byte> file, ImageFileFormat format, string name)
    {
        FileStructure structure = Plain;
        string? trouble = format switch
        {
            ImageFileFormat.Jpeg => Jpeg(file),
            ImageFileFormat.Png => Png(file, out structure),
            ImageFileFormat.Bmp => Bmp(file),
            ImageFileFormat.Tiff => TiffDirectory.Read(file, out structure),
            _ => WebP(file),
        };
        return trouble is null ? structure : throw new ImageRejectedException(
            ImageRejection.Damaged,
            $"Image '{name}' is cut off or damaged: the {format} file has {file.Length} bytes, and {trouble}. Upload it again once it is written completely.");
    }

    /// <summary>Markers with lengths, compressed data between them, up to the end-of-image marker (ITU-T T.81, B.1.1).</summary>
    private static string? Jpeg(ReadOnlySpan<byte> file)
    {
        const int mostScans = 100; // a progressive file has about ten; thousands would only cost time
        int at = 2, scans = 0;
        while (true)
        {
            int skip = file[at..].IndexOf((byte)0xFF);
            if (skip < 0)
                return "its end-of-image marker is missing";
            at += skip;
            while (at < file.Length && file[at] == 0xFF)
                at++; // fill bytes
            if (at >= file.Length)
                return "its end-of-image marker is missing";
            byte marker = file[at++];
            if (marker == 0xD9)
                return scans > 0 ? null : "it ends without any image data";
            if (marker is 0x00 or 0x01 or (>= 0xD0 and <= 0xD8))
                continue; // a stuffed byte or a marker without a length
            if (at + 2 > file.Length)
                return $"the segment at byte {at - 2} has no length";
            int length = BinaryPrimitives.ReadUInt16BigEndian(file[at..]);
            if (length < 2 || at + length > file.Length)
                return $"the segment at byte {at - 2} should have {length} bytes";
            if (marker == 0xDA && ++scans > mostScans)
                return $"it has more than {mostScans} scans";
            at += length;
        }
    }

    /// <summary>Chunks from IHDR to IEND (PNG specification, 5.3). Checksums are left to the decoder, which tests those of every critical chunk.</summary>
    private static string? Png(ReadOnlySpan<byte> file, out FileStructure structure)
    {
        structure = Plain;
        long at = 8;
        bool data = false;
        while (at + 12 <= file.Length)
        {
            ReadOnlySpan<byte> chunk = file[(int)at..];
            uint length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            ReadOnlySpan<byte> type = chunk.Slice(4, 4);
            if (at == 8 && (length != 13 || !type.SequenceEqual("IHDR"u8)))
                return "it does not begin with a header chunk";
            if (at + 12 + length > file.Length)
                return $"the chunk at byte {at} should have {length} bytes";
            if (at == 8)
                structure = new FileStructure(chunk[16] == 16 ? 16 : 8, chunk[17] == 0, 1); // bit depth; colour type 0 is grey without alpha
            if (type.SequenceEqual("IEND"u8))
                return data ? null : "it ends without any image data";
            data |= type.SequenceEqual("IDAT"u8);
            at += 12 + length;
        }

        return "its end chunk is missing";
    }

    /// <summary>Rows of known length from a known place; packed rows (RLE) carry their own end, which the decoder looks for.</summary>
    private static string? Bmp(ReadOnlySpan<byte> file)
    {
        if (file.Length < 26)
            return "its headers need at least 26";
        long pixels = BinaryPrimitives.ReadUInt32LittleEndian(file[10..]);
        bool os2 = BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) == 12;
        if (!os2 && file.Length < 34)
            return "its headers need at least 34";
        long width = os2 ? BinaryPrimitives.ReadUInt16LittleEndian(file[18..]) : BinaryPrimitives.ReadInt32LittleEndian(file[18..]);
        long height = os2 ? BinaryPrimitives.ReadUInt16LittleEndian(file[20..]) : Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(file[22..]));
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(file[(os2 ? 24 : 28)..]);
        int compression = os2 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(file[30..]);
        if (width <= 0 || height <= 0)
            return $"its header gives the size {width} x {height}";
        long needed = compression is 1 or 2 ? 1 : ((width * bits) + 31) / 32 * 4 * height; // rows are padded to 4 bytes
        return pixels + needed > file.Length ? $"its {width} x {height} pixels should reach to byte {pixels + needed}" : null;
    }

    /// <summary>One RIFF container whose length stands in front (WebP container specification).</summary>
    private static string? WebP(ReadOnlySpan<byte> file)
    {
        long end = 8L + BinaryPrimitives.ReadUInt32LittleEndian(file[4..]);
        return end > file.Length ? $"its header promises {end}" : null;
    }
}
