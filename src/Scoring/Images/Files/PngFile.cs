using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace AaClip.Scoring.Images.Files;

/// <summary>
/// Reads the chunks of a PNG (PNG specification, 5.3). The decoder gets only the header, palette, image data and end chunk; it checks their
/// checksums.
/// </summary>
internal static class PngFile
{
    /// <summary>Reads the chunks from IHDR to IEND.</summary>
    /// <exception cref="ImageRejectedException">
    /// A chunk is missing, the size is outside the limits, or the kind is not supported.
    /// </exception>
    public static ImageStructure Read(ImageFile image)
    {
        ReadOnlySpan<byte> file = image.Bytes.Span;
        Header header = default;
        List<ReadOnlyMemory<byte>> kept = [image.Bytes[..8]],
            data = [];
        int orientation = 1;
        int? usedBits = null;
        bool dataEnded = false;
        for (long at = 8; at + 12 <= file.Length; )
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file[(int)at..]);
            ReadOnlySpan<byte> type = file.Slice((int)at + 4, 4);
            if (at == 8 && (length != 13 || !type.SequenceEqual("IHDR"u8)))
                throw image.Damaged("it does not begin with a header chunk");
            if (at + 12 + length > file.Length)
                throw image.Damaged($"the chunk at byte {at} should have {length} bytes");
            ReadOnlyMemory<byte> chunk = image.Bytes.Slice((int)at, (int)length + 12);
            ReadOnlyMemory<byte> content = chunk[8..^4];
            bool picture = type.SequenceEqual("IDAT"u8);
            dataEnded |= data.Count > 0 && !picture;
            if (at == 8)
            {
                header = new Header(content.Span);
                image.CheckSize(header.Width, header.Height);
            }
            else if (picture && dataEnded)
                throw image.Damaged($"its picture data go on at byte {at}, behind another chunk");
            else if (picture && length > 0) // ImageSharp would take an empty chunk as the end of the data
                data.Add(content);
            else if (type.SequenceEqual("PLTE"u8))
                chunk = FullPalette(content.Span);
            else if (type.SequenceEqual("eXIf"u8))
                orientation = TiffDirectory.Orientation(content);
            else if (type.SequenceEqual("sBIT"u8) && !content.IsEmpty)
                usedBits = content
                    .Span[..(header.ColorType == 2 || header.ColorType == 6 ? Math.Min(content.Length, 3) : 1)]
                    .ToArray()
                    .Max();
            else if (!picture && !type.SequenceEqual("IEND"u8) && (type[0] & 0x20) == 0)
                throw image.Damaged($"the chunk at byte {at} is of a kind that no PNG has");

            if ((type[0] & 0x20) == 0 && !(picture && length == 0)) // a lower-case first letter marks an optional (ancillary) chunk
                kept.Add(chunk);
            if (type.SequenceEqual("IEND"u8))
            {
                if (data.Count == 0)
                    throw image.Damaged("it ends without any image data");
                if (header.Interlaced)
                    CheckInterlaced(image, header, data);
                return new ImageStructure((int)header.Width, (int)header.Height, new SplicedStream(kept))
                {
                    Depth = header.Depth == 16 ? 16 : 8,
                    Grey = header.ColorType == 0,
                    UsedBits = usedBits,
                    Orientation = orientation,
                };
            }

            at += 12 + length;
        }

        throw image.Damaged("its end chunk is missing");
    }

    /// <summary>Extends a palette to 256 colours: for interlaced images ImageSharp 2.1 reads beyond the end of a shorter one.</summary>
    private static byte[] FullPalette(ReadOnlySpan<byte> colors)
    {
        byte[] chunk = new byte[4 + 4 + (3 * 256) + 4];
        BinaryPrimitives.WriteInt32BigEndian(chunk, 3 * 256);
        "PLTE"u8.CopyTo(chunk.AsSpan(4));
        colors[..Math.Min(colors.Length, 3 * 256)].CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc32.HashToUInt32(chunk.AsSpan(4, 4 + (3 * 256))));
        return chunk;
    }

    /// <summary>
    /// Checks that an interlaced image has all its rows. ImageSharp 2.1 loops forever if rows are missing. It also expects too many rows if
    /// a pass has no columns, so images of less than 5 columns are rejected.
    /// </summary>
    private static void CheckInterlaced(ImageFile image, Header header, List<ReadOnlyMemory<byte>> data)
    {
        if (header.Width < 5)
            throw image.NotRead("an interlaced PNG of less than 5 columns", "save it without interlacing");
        long needed = 0;
        foreach (
            (int x, int y, int stepX, int stepY) in ((int, int, int, int)[])
                [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        ) // the passes of Adam7
        {
            long columns = (header.Width - x + stepX - 1) / stepX,
                rows = (header.Height - y + stepY - 1) / stepY;
            needed += columns <= 0 || rows <= 0 ? 0 : rows * (1 + (((columns * header.BitsPerPixel) + 7) / 8));
        }

        byte[] buffer = new byte[64 * 1024];
        long found = 0;
        try
        {
            using ZLibStream inflated = new(new SplicedStream(data), CompressionMode.Decompress);
            for (int count; found < needed && data[0].Length > 2 && (count = inflated.Read(buffer)) > 0; )
                found += count;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // The bytes read before the error are counted below.
        }

        if (found < needed)
            throw image.Damaged($"its picture data unpack to {found} bytes of {needed}");
    }

    private readonly struct Header(ReadOnlySpan<byte> content)
    {
        public readonly long Width = BinaryPrimitives.ReadUInt32BigEndian(content);
        public readonly long Height = BinaryPrimitives.ReadUInt32BigEndian(content[4..]);
        public readonly byte Depth = content[8];
        public readonly byte ColorType = content[9];
        public readonly bool Interlaced = content[12] != 0;

        public int BitsPerPixel =>
            Depth
            * (
                ColorType switch
                {
                    2 => 3,
                    4 => 2,
                    6 => 4,
                    _ => 1,
                }
            );
    }
}
