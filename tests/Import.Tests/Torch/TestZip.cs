using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace AaClip.Import.Tests.Torch;

/// <summary>Writes zip files the way PyTorch does: stored entries aligned to 64 bytes; on request with zip64 fields throughout.</summary>
internal static class TestZip
{
    private const int Alignment = 64;

    public static byte[] Of(
        IEnumerable<(string Name, byte[] Content)> entries,
        bool zip64 = false,
        Func<string, bool>? deflate = null,
        int flags = 0
    )
    {
        MemoryStream zip = new(),
            directory = new();
        int count = 0;
        foreach ((string name, byte[] content) in entries)
        {
            bool deflated = deflate?.Invoke(name) == true;
            byte[] packed = deflated ? Deflate(content) : content,
                bytes = Encoding.UTF8.GetBytes(name);
            long offset = zip.Length;
            int padding = (int)((Alignment - (offset + 30 + bytes.Length + 4) % Alignment) % Alignment);

            zip.Write("PK\x03\x04"u8);
            Write(
                zip,
                (20, 2),
                (flags, 2),
                (deflated ? 8 : 0, 2),
                (0, 8),
                (packed.Length, 4),
                (content.Length, 4),
                (bytes.Length, 2),
                (4 + padding, 2)
            );
            zip.Write(bytes);
            Write(zip, (0x4246, 2), (padding, 2)); // "FB", as PyTorch pads
            zip.Write(new byte[padding]);
            zip.Write(packed);

            const long ones = uint.MaxValue;
            directory.Write("PK\x01\x02"u8);
            Write(
                directory,
                (20, 2),
                (20, 2),
                (flags, 2),
                (deflated ? 8 : 0, 2),
                (0, 8),
                (zip64 ? ones : packed.Length, 4),
                (zip64 ? ones : content.Length, 4)
            );
            Write(directory, (bytes.Length, 2), (zip64 ? 28 : 0, 2), (0, 10), (zip64 ? ones : offset, 4));
            directory.Write(bytes);
            if (zip64)
                Write(directory, (1, 2), (24, 2), (content.Length, 8), (packed.Length, 8), (offset, 8));
            count++;
        }

        long start = zip.Length;
        zip.Write(directory.ToArray());
        if (zip64)
        {
            long end64 = zip.Length;
            zip.Write("PK\x06\x06"u8);
            Write(zip, (44, 8), (45, 2), (45, 2), (0, 8), (count, 8), (count, 8), (directory.Length, 8), (start, 8));
            zip.Write("PK\x06\x07"u8);
            Write(zip, (0, 4), (end64, 8), (1, 4));
        }

        zip.Write("PK\x05\x06"u8);
        Write(
            zip,
            (0, 4),
            (count, 2),
            (count, 2),
            (zip64 ? uint.MaxValue : directory.Length, 4),
            (zip64 ? uint.MaxValue : start, 4),
            (0, 2)
        );
        return zip.ToArray();
    }

    /// <summary>A checkpoint "folder/data.pkl", "folder/data/key", ..., "folder/version".</summary>
    public static byte[] Checkpoint(
        byte[] pickle,
        bool zip64 = false,
        string folder = "archive",
        params (string Key, byte[] Content)[] storages
    ) =>
        Of(
            [
                ($"{folder}/data.pkl", pickle),
                .. storages.Select(s => ($"{folder}/data/{s.Key}", s.Content)),
                ($"{folder}/version", "3\n"u8.ToArray()),
            ],
            zip64
        );

    private static byte[] Deflate(byte[] content)
    {
        MemoryStream packed = new();
        using (DeflateStream stream = new(packed, CompressionLevel.Optimal, leaveOpen: true))
            stream.Write(content);
        return packed.ToArray();
    }

    private static void Write(Stream to, params ReadOnlySpan<(long Value, int Bytes)> fields)
    {
        Span<byte> wide = stackalloc byte[8];
        foreach ((long value, int bytes) in fields)
        {
            BinaryPrimitives.WriteInt64LittleEndian(wide, value);
            for (int i = 0; i < bytes; i++)
                to.WriteByte(i < 8 ? wide[i] : (byte)0);
        }
    }
}
