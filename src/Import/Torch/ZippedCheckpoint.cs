using AaClip.Scoring.Tensors;

namespace AaClip.Import.Torch;

/// <summary>
/// A zip file around one checkpoint, as C2P-CLIP is published, or as a user packed one. It is unpacked to a temporary file, because a
/// compressed checkpoint cannot be mapped.
/// </summary>
internal sealed class ZippedCheckpoint : IDisposable
{
    private const long MaxSize = 16L << 30; // no CLIP is larger
    private static readonly string[] Endings = [".pth", ".pt", ".bin", ".ckpt"];

    private readonly FileStream _unpacked; // deletes the file

    private ZippedCheckpoint(FileStream unpacked, MappedFile content) => (_unpacked, Content) = (unpacked, content);

    /// <summary>The checkpoint; messages call it by the name of the outer file.</summary>
    public MappedFile Content { get; }

    /// <summary>Unpacks the checkpoint in a zip file.</summary>
    /// <returns>Null if the file is not a zip file around exactly one checkpoint.</returns>
    /// <exception cref="InvalidDataException">The zip file is damaged, or unpacks to more than any checkpoint has.</exception>
    /// <exception cref="IOException">The folder for temporary files has no room.</exception>
    public static ZippedCheckpoint? Unpack(MappedFile file)
    {
        ZipDirectory zip = ZipDirectory.Read(file);
        // Macs add a folder of their own
        ZipEntry[] files =
        [
            .. zip.Entries.Values.Where(e => !e.Name.EndsWith('/') && !e.Name.StartsWith("__MACOSX/", StringComparison.Ordinal)),
        ];
        if (files is not [var entry] || !Endings.Any(e => entry.Name.EndsWith(e, StringComparison.OrdinalIgnoreCase)))
            return null;
        if (entry.Size > MaxSize)
            throw new InvalidDataException(
                $"'{file.Path}' says that its '{Text.Shorten(entry.Name)}' unpacks to {entry.Size} bytes, more than any checkpoint "
                    + $"({MaxSize}): unpack it yourself and pass what is inside."
            );

        string path = Path.Combine(Path.GetTempPath(), $"aaclip-{Guid.NewGuid():N}.pth");
        FileStream unpacked = new(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.Read | FileShare.Delete,
                Options = FileOptions.DeleteOnClose,
            }
        );
        try
        {
            zip.CopyTo(entry, unpacked);
            unpacked.Flush();
            return new ZippedCheckpoint(unpacked, new MappedFile(path, file.Path));
        }
        catch
        {
            unpacked.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Content.Dispose();
        _unpacked.Dispose();
    }
}
