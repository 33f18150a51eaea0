using System.Text;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Torch;

/// <summary>
/// Reads the zip files of torch.save (since PyTorch 1.6) and torch.jit.save: "name/data.pkl" is a pickle, and "name/data/0", "name/data/1",
/// ... are the raw storages that it refers to. TorchScript's code and constants are ignored.
/// </summary>
internal static class TorchFile
{
    private const string PickleName = "data.pkl";
    private const int MaxByteOrder = 64;

    /// <summary>Reads the object tree of the file (see <see cref="PickleDictionary"/>); its tensors refer to the mapped file.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is not supported or is damaged; the message names the file, the error, and the remedy.
    /// </exception>
    public static object? Read(MappedFile file)
    {
        // 1. The only folder with a pickle; it can have any name
        ZipDirectory zip = ZipDirectory.Read(file);
        string folder = FindFolder(zip, file.Path);

        // 2. Byte order, stored since PyTorch 2.1
        if (
            zip.Entries.TryGetValue(folder + "byteorder", out ZipEntry? order)
            && Encoding.ASCII.GetString(zip.Small(order, MaxByteOrder).Span).Trim() is var text and not "little"
        )
            throw new InvalidDataException(
                $"'{file.Path}' was written in byte order '{Text.Shorten(text)}', expected 'little': save it anew on a "
                    + $"little-endian machine, or as safetensors."
            );

        // 3. The pickle; its storages are opened by key
        ReadOnlyMemory<byte> pickle = zip.Small(zip.Entries[folder + PickleName], PickleReader.MaxLength);
        return new PickleReader(
            pickle,
            file.Path,
            key =>
                zip.Entries.TryGetValue($"{folder}data/{key}", out ZipEntry? entry)
                    ? zip.Stored(entry)
                    : throw new InvalidDataException(
                        $"'{file.Path}' has no storage 'data/{Text.Shorten(key)}', to which its pickle refers: the file is damaged."
                    )
        ).Read();
    }

    private static string FindFolder(ZipDirectory zip, string path)
    {
        string[] found =
        [
            .. zip.Entries.Keys.Where(n =>
                n == PickleName
                || (n.EndsWith("/" + PickleName, StringComparison.Ordinal) && n.IndexOf('/') == n.Length - PickleName.Length - 1)
            ),
        ];
        return found switch
        {
            [var one] => one[..^PickleName.Length],
            [] => throw new InvalidDataException(
                $"The zip file '{path}' has no 'data.pkl', so it is not a PyTorch checkpoint; its {zip.Entries.Count} entries begin "
                    + $"with {string.Join(", ", zip.Entries.Keys.Take(3).Select(n => $"'{Text.Shorten(n)}'"))}. Pass a file that "
                    + $"torch.save or torch.jit.save (PyTorch 1.6 or newer) wrote, or safetensors."
            ),
            _ => throw new InvalidDataException(
                $"The zip file '{path}' has {found.Length} entries 'data.pkl', expected one: pass each checkpoint as its own file."
            ),
        };
    }
}
