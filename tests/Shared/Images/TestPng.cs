using System.Buffers.Binary;
using System.IO.Compression;
using AaClip.Scoring.Images;

namespace AaClip.Tests;

/// <summary>Just enough PNG for golden pictures, independent of the product's decoder: 8-bit grey or RGB, not interlaced.</summary>
internal static class TestPng
{
    public static RgbImage ReadRgb(string path)
    {
        (int width, int height, int channels, byte[] pixels) = Read(path);
        return new RgbImage(width, height, channels == 3 ? pixels : [.. pixels.SelectMany(p => new[] { p, p, p })]);
    }

    public static (int Width, int Height, int Channels, byte[] Pixels) Read(string path)
    {
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        int width = 0,
            height = 0,
            channels = 0;
        MemoryStream data = new();
        for (int at = 8; at < file.Length; )
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file[at..]);
            ReadOnlySpan<byte> chunk = file.Slice(at + 8, length);
            if (file.Slice(at + 4, 4).SequenceEqual("IHDR"u8))
            {
                width = BinaryPrimitives.ReadInt32BigEndian(chunk);
                height = BinaryPrimitives.ReadInt32BigEndian(chunk[4..]);
                channels = (chunk[8], chunk[9], chunk[12]) switch
                {
                    (8, 0, 0) => 1,
                    (8, 2, 0) => 3,
                    _ => throw new NotSupportedException($"'{path}': only 8-bit grey and RGB, not interlaced."),
                };
            }
            else if (file.Slice(at + 4, 4).SequenceEqual("IDAT"u8))
                data.Write(chunk);
            at += length + 12;
        }

        data.Position = 0;
        using ZLibStream zlib = new(data, CompressionMode.Decompress);
        int stride = width * channels;
        byte[] pixels = new byte[stride * height];
        for (int y = 0; y < height; y++)
        {
            int filter = zlib.ReadByte();
            Span<byte> row = pixels.AsSpan(y * stride, stride);
            zlib.ReadExactly(row);
            for (int x = 0; x < stride; x++)
            {
                int left = x < channels ? 0 : row[x - channels];
                int up = y == 0 ? 0 : pixels[(y - 1) * stride + x];
                int corner = y == 0 || x < channels ? 0 : pixels[(y - 1) * stride + x - channels];
                row[x] += (byte)(
                    filter switch
                    {
                        1 => left,
                        2 => up,
                        3 => (left + up) / 2,
                        4 => Paeth(left, up, corner),
                        _ => 0,
                    }
                );
            }
        }

        return (width, height, channels, pixels);
    }

    private static int Paeth(int left, int up, int corner)
    {
        int toLeft = Math.Abs(up - corner),
            toUp = Math.Abs(left - corner),
            toCorner = Math.Abs(left + up - 2 * corner);
        return toLeft <= toUp && toLeft <= toCorner ? left
            : toUp <= toCorner ? up
            : corner;
    }
}
