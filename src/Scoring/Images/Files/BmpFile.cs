using System.Buffers.Binary;

namespace AaClip.Scoring.Images.Files;

/// <summary>Reads the headers of a Windows or OS/2 bitmap.</summary>
internal static class BmpFile
{
    /// <summary>
    /// Checks that the rows are complete: their start and length are known from the header. RLE-compressed rows have an end marker that
    /// only the decoder checks.
    /// </summary>
    /// <exception cref="ImageRejectedException">The file is too short for its rows, or the size is outside the limits.</exception>
    public static ImageStructure Read(ImageFile image)
    {
        ReadOnlySpan<byte> file = image.Bytes.Span;
        if (file.Length < 26)
            throw image.Damaged("its headers need at least 26");
        long pixels = BinaryPrimitives.ReadUInt32LittleEndian(file[10..]);
        bool os2 = BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) == 12;
        if (!os2 && file.Length < 34)
            throw image.Damaged("its headers need at least 34");
        (long width, long height) = os2
            ? (BinaryPrimitives.ReadUInt16LittleEndian(file[18..]), BinaryPrimitives.ReadUInt16LittleEndian(file[20..]))
            : (BinaryPrimitives.ReadInt32LittleEndian(file[18..]), Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(file[22..])));
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(file[(os2 ? 24 : 28)..]);
        int compression = os2 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(file[30..]);
        if (width <= 0 || height <= 0)
            throw image.Damaged($"its header gives the size {width} x {height}");
        image.CheckSize(width, height);
        long needed = compression is 1 or 2 ? 1 : ((width * bits) + 31) / 32 * 4 * height; // rows are padded to 4 bytes
        if (pixels + needed > file.Length)
            throw image.Damaged($"its {width} x {height} pixels should reach to byte {pixels + needed}");
        return new ImageStructure((int)width, (int)height, new SplicedStream([image.Bytes]));
    }
}
