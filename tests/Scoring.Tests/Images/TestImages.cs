using System.Buffers.Binary;
using System.IO.Compression;
using AaClip.Scoring.Images;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Images;

/// <summary>Images and image files made by hand, so that what they should decode to is known without any library.</summary>
internal static class TestImages
{
    /// <summary>
    /// The picture in the files of the samples folder: 41 x 27, a straight gradient in each channel. They were written by ImageSharp
    /// 3.1.12, progressive.jpg by libvips, and the JPEGs with restart markers or unusual scans by libjpeg-turbo's cjpeg: of quality 95
    /// without halved chroma, spectral.jpg of quality 75 with it. In rgb16.png the channels are x * 1598, y * 2427 and
    /// 65535 - x * 700 - y * 900; greyalpha16.png is the brightness of the same.
    /// </summary>
    public static RgbImage Gradient { get; } = Make(41, 27, (x, y) => (40 + (x * 4), 30 + (y * 6), 220 - (x * 2) - (y * 3)));

    /// <summary>Where the files are.</summary>
    public static string SampleFolder => Path.Combine(Parity.RepositoryRoot, "tests", "Scoring.Tests", "Images", "samples");

    /// <summary>One of the files.</summary>
    public static byte[] Sample(string name) => File.ReadAllBytes(Path.Combine(SampleFolder, name));

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
    public static byte[] Bmp(
        int width,
        int height,
        int bits,
        IReadOnlyList<byte[]> rows,
        (byte R, byte G, byte B)[]? palette = null,
        uint[]? masks = null,
        bool topDown = false,
        int compression = 0
    )
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
    public static byte[] Bmp24(RgbImage image) =>
        Bmp(
            image.Width,
            image.Height,
            24,
            [
                .. Enumerable
                    .Range(0, image.Height)
                    .Select(y =>
                        Enumerable
                            .Range(0, image.Width)
                            .SelectMany(x =>
                                (byte[])
                                    [
                                        image.Pixels[(((y * image.Width) + x) * 3) + 2],
                                        image.Pixels[(((y * image.Width) + x) * 3) + 1],
                                        image.Pixels[((y * image.Width) + x) * 3],
                                    ]
                            )
                            .ToArray()
                    ),
            ]
        );

    /// <summary>An uncompressed TIFF of one strip; data as stored, in the byte order of the file.</summary>
    public static byte[] Tiff(int width, int height, int bits, int samples, byte[] data, int orientation = 1, bool little = true) =>
        Tiff(data, [.. TiffFields(width, height, bits, samples, data.Length), (274, 3, [(uint)orientation])], little);

    /// <summary>The fields of an uncompressed TIFF of one strip, which begins at byte 8: (tag, type, values).</summary>
    public static List<(int Tag, int Type, uint[] Values)> TiffFields(int width, int height, int bits, int samples, int length) =>
        [
            (256, 4, [(uint)width]),
            (257, 4, [(uint)height]),
            (258, 3, [.. Enumerable.Repeat((uint)bits, samples)]),
            (259, 3, [1]),
            (262, 3, [samples == 1 ? 1u : 2u]),
            (273, 4, [8]),
            (277, 3, [(uint)samples]),
            (278, 4, [(uint)height]),
            (279, 4, [(uint)length]),
        ];

    /// <summary>A TIFF whose pixel data begin at byte 8, with these fields; more directories may follow.</summary>
    public static byte[] Tiff(
        byte[] data,
        List<(int Tag, int Type, uint[] Values)> fields,
        bool little = true,
        params List<(int Tag, int Type, uint[] Values)>[] more
    )
    {
        using MemoryStream file = new();
        file.Write(little ? "II*\0"u8 : "MM\0*"u8);
        Put(4, 8 + data.Length + (data.Length & 1)); // a directory begins on an even byte
        file.Write(data);
        file.Write(new byte[data.Length & 1]);
        List<(int Tag, int Type, uint[] Values)>[] all = [fields, .. more];
        for (int d = 0; d < all.Length; d++)
        {
            int behind = (int)file.Length + 2 + (all[d].Count * 12) + 4;
            using MemoryStream values = new();
            Put(2, all[d].Count);
            foreach ((int tag, int type, uint[] numbers) in all[d].OrderBy(f => f.Tag))
            {
                int size = type == 3 ? 2 : 4;
                Put(2, tag);
                Put(2, type);
                Put(4, numbers.Length);
                if (numbers.Length * size > 4)
                    Put(4, behind + (int)values.Length);
                foreach (uint number in numbers)
                    PutTo(numbers.Length * size > 4 ? values : file, size, number);
                if (numbers.Length * size < 4)
                    file.Write(new byte[4 - (numbers.Length * size)]);
            }

            Put(4, d + 1 < all.Length ? behind + (int)values.Length : 0);
            file.Write(values.ToArray());
        }

        return file.ToArray();

        void Put(int size, int number) => PutTo(file, size, (uint)number);

        void PutTo(Stream target, int size, uint number)
        {
            byte[] bytes = new byte[4];
            if (little)
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
            else
                BinaryPrimitives.WriteUInt32BigEndian(bytes, number << (32 - (8 * size)));
            target.Write(bytes, 0, size);
        }
    }

    /// <summary>A chunk of a PNG with its checksum.</summary>
    public static byte[] PngChunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        byte[] chunk = [0, 0, 0, 0, .. type, .. content, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        FixChecksum(chunk, 0);
        return chunk;
    }

    /// <summary>A PNG put together from a header and what else is given.</summary>
    public static byte[] Png(int width, int height, int depth, int colorType, bool interlaced, params byte[][] chunks)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)colorType, (byte)(interlaced ? 1 : 0));
        return [0x89, .. "PNG\r\n\u001A\n"u8, .. PngChunk("IHDR"u8, header), .. chunks.SelectMany(c => c), .. PngChunk("IEND"u8, [])];
    }

    /// <summary>Deflated, with the frame of zlib.</summary>
    public static byte[] Zlib(ReadOnlySpan<byte> content)
    {
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.SmallestSize))
            zlib.Write(content);
        return packed.ToArray();
    }

    /// <summary>The same JPEG with an EXIF segment that holds an orientation.</summary>
    public static byte[] WithOrientation(byte[] jpeg, int orientation)
    {
        byte[] exif = [.. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
        return [.. jpeg.AsSpan(0, 2), 0xFF, 0xE1, 0, (byte)(2 + exif.Length), .. exif, .. jpeg.AsSpan(2)];
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
}
