using System.Buffers.Binary;

namespace AaClip.Scoring.Images.Files;

/// <summary>
/// Reads the chunks of a WebP (RFC 9649). The decoder gets only the chunk with the image data; alpha and metadata are dropped.
/// </summary>
internal static class WebPFile
{
    /// <summary>
    /// Limit on groups of prefix codes. libwebp writes at most 2,600. ImageSharp 2.1 needs 23 kB or more for each: 1.5 GB for 65,536 groups
    /// in a file of 160 kB.
    /// </summary>
    private const int MostGroups = 4096;

    /// <exception cref="ImageRejectedException">
    /// A chunk is missing, the size is outside the limits, or the kind is not supported.
    /// </exception>
    public static ImageStructure Read(ImageFile image)
    {
        ReadOnlySpan<byte> file = image.Bytes.Span;
        long end = 8L + BinaryPrimitives.ReadUInt32LittleEndian(file[4..]);
        if (end > file.Length)
            throw image.Damaged($"its header promises {end}");
        ReadOnlyMemory<byte> picture = default;
        bool lossless = false;
        int orientation = 1;
        for (long at = 12; at + 8 <= end; )
        {
            ReadOnlySpan<byte> type = file.Slice((int)at, 4);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(file[((int)at + 4)..]);
            if (at + 8 + length > end)
                throw image.Damaged($"the chunk at byte {at} should have {length} bytes");
            ReadOnlyMemory<byte> content = image.Bytes.Slice((int)at + 8, (int)length);
            if (type.SequenceEqual("ANIM"u8) || type.SequenceEqual("ANMF"u8))
                throw image.NotRead("an animated WebP", "save one frame of it as WebP or PNG");
            if (picture.IsEmpty && (type.SequenceEqual("VP8 "u8) || type.SequenceEqual("VP8L"u8)))
                (picture, lossless) = (content, type[3] == (byte)'L');
            else if (type.SequenceEqual("EXIF"u8))
                orientation = TiffDirectory.Orientation(content.Span.StartsWith("Exif\0\0"u8) ? content[6..] : content);
            at += 8L + length + (length & 1);
        }

        if (picture.IsEmpty)
            throw image.Damaged("it ends without any image data");
        (int width, int height) = lossless ? LosslessSize(picture.Span) : LossySize(picture.Span);
        if (width == 0)
            throw image.Damaged("its picture has no header");
        image.CheckSize(width, height);
        int groups = lossless ? WebPGroups.Count(picture.Span) : 1;
        if (groups < 0)
            throw image.Damaged("its picture data end, or make no sense, before the first pixel");
        if (groups > MostGroups)
            throw image.NotRead($"a WebP with {groups} groups of prefix codes, more than {MostGroups}");

        int padded = picture.Length + (picture.Length & 1);
        byte[] header = [.. "RIFF\0\0\0\0WEBPVP8 \0\0\0\0"u8];
        header[15] = lossless ? (byte)'L' : (byte)' ';
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), 12 + padded);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), padded);
        SplicedStream stream = new([header, picture, new byte[padded - picture.Length]]);
        return new ImageStructure(width, height, stream) { Orientation = orientation };
    }

    /// <summary>Reads the size after frame tag and start code: 14 bits per side.</summary>
    private static (int Width, int Height) LossySize(ReadOnlySpan<byte> picture) =>
        picture.Length < 10 || !picture[3..].StartsWith((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A])
            ? default
            : (
                BinaryPrimitives.ReadUInt16LittleEndian(picture[6..]) & 0x3FFF,
                BinaryPrimitives.ReadUInt16LittleEndian(picture[8..]) & 0x3FFF
            );

    /// <summary>Reads the size after the signature: 14 bits per side, stored minus 1.</summary>
    private static (int Width, int Height) LosslessSize(ReadOnlySpan<byte> picture)
    {
        if (picture.Length < 5 || picture[0] != 0x2F)
            return default;
        uint bits = BinaryPrimitives.ReadUInt32LittleEndian(picture[1..]);
        return ((int)(bits & 0x3FFF) + 1, (int)(bits >> 14 & 0x3FFF) + 1);
    }
}
