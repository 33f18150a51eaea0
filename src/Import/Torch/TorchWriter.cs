using System.IO.Compression;
using System.Runtime.InteropServices;

namespace AaClip.Import.Torch;

/// <summary>Writes the format of torch.save: a zip with uncompressed entries NAME/data.pkl, NAME/data/0, …, NAME/version.</summary>
internal static class TorchWriter
{
    /// <summary>
    /// Writes a temporary file, flushes it to disk, and renames it: after a crash the path has either the old file or the new one.
    /// </summary>
    public static void Write(string path, object? root)
    {
        string unfinished = path + ".tmp";
        using (FileStream file = new(unfinished, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 20))
        {
            using (ZipArchive zip = new(file, ZipArchiveMode.Create, leaveOpen: true))
            {
                string folder = Path.GetFileNameWithoutExtension(path);
                PickleWriter pickle = new();
                Add(zip, $"{folder}/data.pkl", pickle.Write(root));
                for (int i = 0; i < pickle.Storages.Count; i++)
                    Add(zip, FormattableString.Invariant($"{folder}/data/{i}"), Bytes(pickle.Storages[i]));
                Add(zip, $"{folder}/version", "3\n"u8);
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }

    private static ReadOnlySpan<byte> Bytes(Array values) =>
        values is int[] integers ? MemoryMarshal.AsBytes<int>(integers) : MemoryMarshal.AsBytes<float>((float[])values);

    private static void Add(ZipArchive zip, string name, ReadOnlySpan<byte> bytes)
    {
        ZipArchiveEntry entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
        // constant, so that the same values always give the same file
        entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using Stream stream = entry.Open();
        stream.Write(bytes);
    }
}
