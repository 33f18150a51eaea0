using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Torch;

/// <summary>A directory entry of a zip file. Sizes and offsets are in bytes and not yet checked against the file.</summary>
internal sealed record ZipEntry(string Name, int Flags, int Method, long PackedSize, long Size, long HeaderOffset);

/// <summary>
/// The directory of a mapped zip file (PKWARE APPNOTE 4.3, with zip64, which PyTorch always writes). Entries are read in place in the file.
/// Nothing is extracted, so entry names cannot cause writes to other paths.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndSize = 22;
    private const int MaxComment = ushort.MaxValue;
    private const int LocatorSize = 20;
    private const int End64Size = 56;
    private const int HeaderSize = 46;
    private const int LocalHeaderSize = 30;
    private const int MaxDirectory = 64 << 20; // about 500 000 entries; a ViT-L checkpoint has a few hundred

    private readonly MappedFile _file;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);

    private ZipDirectory(MappedFile file) => _file = file;

    /// <summary>All entries by name.</summary>
    public IReadOnlyDictionary<string, ZipEntry> Entries => _entries;

    /// <summary>Reads the directory at the end of the file.</summary>
    /// <exception cref="InvalidDataException">There is no directory, or it is inconsistent.</exception>
    public static ZipDirectory Read(MappedFile file)
    {
        ZipDirectory directory = new(file);
        (long offset, long size) = directory.Locate();
        if (size > MaxDirectory)
            throw directory.Bad($"gives its directory {size} bytes, more than any checkpoint needs ({MaxDirectory})");
        directory.ReadEntries(file.Slice(offset, size).Span);
        return directory;
    }

    /// <summary>The bytes of an uncompressed entry, read in place.</summary>
    /// <exception cref="InvalidDataException">The entry is compressed or encrypted, or is outside the file.</exception>
    public ReadOnlyMemory<byte> Stored(ZipEntry entry)
    {
        if (entry.Method != 0)
            throw new InvalidDataException(
                $"Entry '{Text.Shorten(entry.Name)}' in '{_file.Path}' is compressed (zip method {entry.Method}), but checkpoints "
                    + $"are stored uncompressed: use the file as torch.save wrote it, not one packed anew by a zip tool."
            );
        if (entry.PackedSize != entry.Size)
            throw Bad($"gives entry '{Text.Shorten(entry.Name)}' two different sizes, {entry.PackedSize} and {entry.Size}");
        return Packed(entry);
    }

    /// <summary>The bytes of a small entry, read in place or inflated.</summary>
    /// <exception cref="InvalidDataException">The entry is longer than <paramref name="limit"/>, or damaged.</exception>
    public ReadOnlyMemory<byte> Small(ZipEntry entry, int limit)
    {
        if (entry.Size > limit || entry.PackedSize > limit)
            throw Bad(
                $"gives entry '{Text.Shorten(entry.Name)}' {Math.Max(entry.Size, entry.PackedSize)} bytes, at most {limit} are expected"
            );
        if (entry.Method != 8) // 8 = deflate
            return Stored(entry);

        byte[] content = new byte[entry.Size];
        using MemoryStream packed = new(Packed(entry).ToArray(), writable: false);
        using DeflateStream inflate = new(packed, CompressionMode.Decompress);
        try
        {
            if (inflate.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) == content.Length && inflate.ReadByte() == -1)
                return content;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw Bad($"has an entry '{Text.Shorten(entry.Name)}' that cannot be decompressed ({e.Message})");
        }

        throw Bad($"gives entry '{Text.Shorten(entry.Name)}' {entry.Size} bytes, but its content has another length");
    }

    /// <summary>Writes the content of an entry, stored or compressed.</summary>
    /// <exception cref="InvalidDataException">The entry is damaged, or packed in another way; at most its size is written.</exception>
    public void CopyTo(ZipEntry entry, Stream target)
    {
        if (entry.Method is not (0 or 8)) // stored or deflate
            throw new InvalidDataException(
                $"Entry '{Text.Shorten(entry.Name)}' in '{_file.Path}' is packed in a way that is not read here (zip method "
                    + $"{entry.Method}): unpack it yourself and pass what is inside."
            );
        (long offset, long length) = Place(entry);
        using Stream packed = _file.Read(offset, length);
        using Stream content = entry.Method == 0 ? packed : new DeflateStream(packed, CompressionMode.Decompress);
        byte[] buffer = new byte[1 << 20];
        long left = entry.Size;
        while (Next() is > 0 and var read)
        {
            if ((left -= read) < 0)
                throw Bad($"gives entry '{Text.Shorten(entry.Name)}' {entry.Size} bytes, but its content is longer");
            target.Write(buffer, 0, read);
        }

        if (left > 0)
            throw Bad($"gives entry '{Text.Shorten(entry.Name)}' {entry.Size} bytes, but its content is shorter");

        int Next()
        {
            try
            {
                return content.Read(buffer);
            }
            catch (InvalidDataException e)
            {
                throw Bad($"has an entry '{Text.Shorten(entry.Name)}' that cannot be decompressed ({e.Message.TrimEnd('.')})");
            }
        }
    }

    private ReadOnlyMemory<byte> Packed(ZipEntry entry)
    {
        (long offset, long length) = Place(entry);
        return _file.Slice(offset, length);
    }

    private (long Offset, long Length) Place(ZipEntry entry)
    {
        if ((entry.Flags & 1) != 0)
            throw new InvalidDataException($"Entry '{Text.Shorten(entry.Name)}' in '{_file.Path}' is encrypted: decrypt the file first.");
        ReadOnlySpan<byte> header = _file.Slice(entry.HeaderOffset, LocalHeaderSize).Span;
        if (!header.StartsWith("PK\x03\x04"u8))
            throw Bad($"has no entry at byte {entry.HeaderOffset}, where its directory places '{Text.Shorten(entry.Name)}'");
        int nameLength = U16(header, 26);
        int extraLength = U16(header, 28); // the local header has its own length: PyTorch pads here to align the data
        return (entry.HeaderOffset + LocalHeaderSize + nameLength + extraLength, entry.PackedSize);
    }

    private (long Offset, long Size) Locate()
    {
        int tailLength = (int)Math.Min(_file.Length, EndSize + MaxComment);
        long tailStart = _file.Length - tailLength;
        ReadOnlySpan<byte> tail = _file.Slice(tailStart, tailLength).Span;
        int at = tail.LastIndexOf("PK\x05\x06"u8);
        if (at < 0 || at + EndSize > tailLength)
            throw new InvalidDataException(
                $"'{_file.Path}' begins like a zip file, but the directory at its end is missing: it was not copied whole."
            );

        ReadOnlySpan<byte> end = tail[at..];
        long size = U32(end, 12),
            offset = U32(end, 16);
        long locatorAt = tailStart + at - LocatorSize;
        if (locatorAt < 0 || !_file.Slice(locatorAt, LocatorSize).Span.StartsWith("PK\x06\x07"u8))
            return (offset, size);

        ReadOnlySpan<byte> end64 = _file.Slice(I64(_file.Slice(locatorAt, LocatorSize).Span, 8), End64Size).Span;
        if (!end64.StartsWith("PK\x06\x06"u8))
            throw Bad("has a zip64 locator that points at something else");
        return (I64(end64, 48), I64(end64, 40));
    }

    private void ReadEntries(ReadOnlySpan<byte> directory)
    {
        while (directory.Length > 0)
        {
            if (directory.Length < HeaderSize || !directory.StartsWith("PK\x01\x02"u8))
                throw Bad($"has a damaged directory after {_entries.Count} entries");
            int nameLength = U16(directory, 28),
                extraLength = U16(directory, 30),
                commentLength = U16(directory, 32);
            if (directory.Length < HeaderSize + nameLength + extraLength + commentLength)
                throw Bad($"has a directory that ends inside entry {_entries.Count}");

            string name = Encoding.UTF8.GetString(directory.Slice(HeaderSize, nameLength));
            long packed = U32(directory, 20),
                size = U32(directory, 24),
                offset = U32(directory, 42);
            Widen(directory.Slice(HeaderSize + nameLength, extraLength), ref size, ref packed, ref offset);
            ZipEntry entry = new(name, U16(directory, 8), U16(directory, 10), packed, size, offset);
            if (!_entries.TryAdd(name, entry))
                throw Bad($"has two entries named '{Text.Shorten(name)}'");
            directory = directory[(HeaderSize + nameLength + extraLength + commentLength)..];
        }
    }

    /// <summary>
    /// If a value does not fit in its field, all bits of the field are 1 and the value is in extra field 1, in this order.
    /// </summary>
    private void Widen(ReadOnlySpan<byte> extra, ref long size, ref long packed, ref long offset)
    {
        while (extra.Length >= 4)
        {
            int id = U16(extra, 0),
                length = U16(extra, 2);
            if (length > extra.Length - 4)
                return; // some writers pad with zeros; the reader of the entry checks the values
            ReadOnlySpan<byte> field = extra.Slice(4, length);
            if (id == 1)
            {
                Take(ref field, ref size);
                Take(ref field, ref packed);
                Take(ref field, ref offset);
            }

            extra = extra[(4 + length)..];
        }

        void Take(ref ReadOnlySpan<byte> field, ref long value)
        {
            if (value != uint.MaxValue)
                return;
            if (field.Length < 8)
                throw Bad("has a zip64 field that is too short");
            value = I64(field, 0);
            field = field[8..];
        }
    }

    private InvalidDataException Bad(string what) => new($"The zip file '{_file.Path}' {what}: it is damaged.");

    private static int U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static long U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
