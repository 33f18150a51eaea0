using System.Buffers.Binary;
using AaClip.Scoring.Images;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Images;

/// <summary>Images and image files made by hand, so that what they should decode to is known without any library.</summary>
internal static class TestImages
{
    /// <summary>
    /// The picture in the files of the samples folder: 41 x 27, a straight gradient in each channel. They were written by ImageSharp
    /// 3.1.12 itself (progressive.jpg by libvips), so that the polyfill is tested on files that it had no hand in. In rgb16.png the
    /// channels are x * 1598, y * 2427 and 65535 - x * 700 - y * 900; greyalpha16.png is the brightness of the same.
    /// </summary>
    public static RgbImage Gradient { get; } = Make(41, 27, (x, y) => (40 + (x * 4), 30 + (y * 6), 220 - (x * 2) - (y * 3)));

    public static byte[] Sample(string name) => File.ReadAllBytes(Path.Combine(Parity.RepositoryRoot, "tests", "Scoring.Tests", "Images", "samples", name));

    public static RgbImage Make(int width, int height, Func<int, int, (int R, int G, int B)> color)
    {
        byte[] pixels = new byte[width * height * 3];
        for (int y = 0, i = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                (int r, int g, int b) = color(x, y);
                (pixels[i++], pixels[i++], pixels[i++]) = ((byte)r, (byte)g, (byte)b);
            }

        return new RgbImage(width, height, pixels);
    }

    /// <summary>A bitmap file; each row of bytes is given as stored, without padding, from the top row on.</summary>
    public static byte[] Bmp(int width, int height, int bits, IReadOnlyList<byte[]> rows, (byte R, byte G, byte B)[]? palette = null, uint[]? masks = null, bool topDown = false, int compression = 0)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        int headers = 14 + 40 + ((masks?.Length ?? 0) * 4) + ((palette?.Length ?? 0) * 4);
        writer.Write("BM"u8);
        writer.Write(0);
        writer.Write(0);
        writer.Write(headers);
        writer.Write(40);
        writer.Write(width);
        writer.Write(topDown ? -height : height);
        writer.Write((short)1);
        writer.Write((short)bits);
        writer.Write(masks is not null ? 3 : compression);
        foreach (int value in (int[])[0, 2835, 2835, palette?.Length ?? 0, 0])
            writer.Write(value);
        foreach (uint mask in masks ?? [])
            writer.Write(mask);
        foreach ((byte r, byte g, byte b) in palette ?? [])
            writer.Write([b, g, r, 0]);
        foreach (byte[] row in topDown || compression != 0 ? rows : rows.Reverse())
        {
            writer.Write(row);
            if (compression == 0)
                writer.Write(new byte[(4 - (row.Length % 4)) % 4]);
        }

        return stream.ToArray();
    }

    /// <summary>A bitmap of 24 bits.</summary>
    public static byte[] Bmp24(RgbImage image) => Bmp(image.Width, image.Height, 24, [.. Enumerable.Range(0, image.Height).Select(y =>
        Enumerable.Range(0, image.Width).SelectMany(x => (byte[])[image.Pixels[(((y * image.Width) + x) * 3) + 2], image.Pixels[(((y * image.Width) + x) * 3) + 1], image.Pixels[((y * image.Width) + x) * 3]]).ToArray())]);

    /// <summary>An uncompressed TIFF of one strip; data as stored, in the byte order of the file.</summary>
    public static byte[] Tiff(int width, int height, int bits, int samples, byte[] data, int orientation = 1, bool little = true)
    {
        (int Tag, int Type, int Count, int Value)[] entries =
        [
            (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, samples == 1 ? 1 : 2),
            (273, 4, 1, 8), (274, 3, 1, orientation), (277, 3, 1, samples), (278, 4, 1, height), (279, 4, 1, data.Length),
        ];
        int directory = 8 + data.Length + (data.Length & 1); // a directory begins on an even byte
        byte[] file = new byte[directory + 2 + (entries.Length * 12) + 4 + 6];
        if (samples > 1)
            entries[2] = (258, 3, samples, file.Length - 6);
        (little ? "II*\0"u8 : "MM\0*"u8).CopyTo(file);
        Put32(file, 4, directory, little);
        data.CopyTo(file, 8);
        Put16(file, directory, entries.Length, little);
        for (int i = 0; i < entries.Length; i++)
        {
            int at = directory + 2 + (i * 12);
            Put16(file, at, entries[i].Tag, little);
            Put16(file, at + 2, entries[i].Type, little);
            Put32(file, at + 4, entries[i].Count, little);
            if (entries[i] is (_, 3, 1, _))
                Put16(file, at + 8, entries[i].Value, little);
            else
                Put32(file, at + 8, entries[i].Value, little);
        }

        for (int s = 0; s < 3; s++)
            Put16(file, file.Length - 6 + (2 * s), bits, little);
        return file;
    }

    /// <summary>The same JPEG with an EXIF segment that holds an orientation.</summary>
    public static byte[] WithOrientation(byte[] jpeg, int orientation)
    {
        byte[] exif = [0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8, .. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
        return [.. jpeg.AsSpan(0, 2), .. exif, .. jpeg.AsSpan(2)];
    }

    /// <summary>Corrects the checksum of the PNG chunk at a byte, after its content was changed.</summary>
    public static void FixChecksum(byte[] png, int chunk)
    {
        int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(chunk));
        uint crc = uint.MaxValue;
        foreach (byte b in png.AsSpan(chunk + 4, length + 4))
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }

        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(chunk + 8 + length), ~crc);
    }

    private static void Put16(byte[] file, int at, int value, bool little)
    {
        if (little)
            BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), (ushort)value);
        else
            BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(at), (ushort)value);
    }

    private static void Put32(byte[] file, int at, int value, bool little)
    {
        if (little)
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        else
            BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(at), value);
    }
}
