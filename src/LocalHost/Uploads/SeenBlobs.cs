using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace AaClip.LocalHost.Uploads;

/// <summary>
/// Which version of which blob has raised its event. Names and versions are kept as hashes of 16 and 8 bytes: about 60 bytes of memory
/// and 24 bytes of storage for a blob, whatever its name. A version is what <see cref="BlobVersion"/> makes; notes of older programs hold
/// the ETag's.
/// </summary>
internal sealed class SeenBlobs
{
    private const int EntryBytes = 24;
    private static ReadOnlySpan<byte> Magic => "AASEEN1\n"u8;

    private readonly Dictionary<UInt128, (ulong Version, int Pass)> _entries = [];
    private int _pass;

    public int Count => _entries.Count;

    /// <summary>Begins a look at the whole container.</summary>
    public void BeginPass() => _pass++;

    /// <summary>True when this version has raised its event; notes that the blob still exists.</summary>
    public bool Contains(string name, string version, string? etag = null)
    {
        UInt128 key = Name(name);
        if (!_entries.TryGetValue(key, out (ulong Version, int Pass) entry))
            return false;
        if (entry.Version != Hash64(version) && entry.Version != Hash64(etag ?? version))
            return false;
        _entries[key] = (entry.Version, _pass);
        return true;
    }

    /// <summary>Notes that this version has raised its event.</summary>
    public void Add(string name, string version) => _entries[Name(name)] = (Hash64(version), _pass);

    /// <summary>Ends a look at the whole container: blobs that were not met are gone.</summary>
    public void EndPass()
    {
        foreach ((UInt128 key, (ulong Version, int Pass) entry) in _entries)
            if (entry.Pass != _pass)
                _entries.Remove(key);
    }

    public byte[] Write()
    {
        byte[] bytes = new byte[Magic.Length + EntryBytes * _entries.Count];
        Magic.CopyTo(bytes);
        Span<byte> rest = bytes.AsSpan(Magic.Length);
        foreach ((UInt128 key, (ulong Version, int Pass) entry) in _entries)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(rest, key);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[16..], entry.Version);
            rest = rest[EntryBytes..];
        }

        return bytes;
    }

    /// <returns>Null when the bytes are not such a list.</returns>
    public static SeenBlobs? Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Magic) || (bytes.Length - Magic.Length) % EntryBytes != 0)
            return null;
        SeenBlobs seen = new();
        for (ReadOnlySpan<byte> rest = bytes[Magic.Length..]; rest.Length > 0; rest = rest[EntryBytes..])
            seen._entries[BinaryPrimitives.ReadUInt128LittleEndian(rest)] = (BinaryPrimitives.ReadUInt64LittleEndian(rest[16..]), 0);
        return seen;
    }

    private static UInt128 Name(string name) => BinaryPrimitives.ReadUInt128LittleEndian(Hash(name));

    private static ulong Hash64(string text) => BinaryPrimitives.ReadUInt64LittleEndian(Hash(text));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
