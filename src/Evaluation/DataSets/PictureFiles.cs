namespace AaClip.Evaluation.DataSets;

/// <summary>Classifies files and folders by name: images, masks, and files that operating systems leave.</summary>
public static class PictureFiles
{
    private static readonly HashSet<string> Read = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".bmp",
        ".tif",
        ".tiff",
        ".webp",
    };

    private static readonly HashSet<string> Unread = new(StringComparer.OrdinalIgnoreCase)
    {
        ".heic",
        ".heif",
        ".hif",
        ".avif",
        ".gif",
        ".jp2",
        ".j2k",
        ".jpf",
        ".jpx",
        ".jxl",
        ".jxr",
        ".tga",
        ".psd",
        ".exr",
        ".hdr",
        ".pgm",
        ".ppm",
        ".pbm",
        ".pnm",
        ".pcx",
        ".ico",
        ".svg",
        ".dcm",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".raf",
        ".rw2",
        ".orf",
        ".raw",
    };

    private static readonly HashSet<string> LitterFolders = new(StringComparer.OrdinalIgnoreCase) { "__MACOSX", "@eaDir", "$RECYCLE.BIN" };
    private static readonly HashSet<string> TruthFolders = new(StringComparer.OrdinalIgnoreCase)
    {
        "ground_truth",
        "groundtruth",
        "ground-truth",
        "gt",
    };
    private static readonly HashSet<string> MaskFolders = new(StringComparer.OrdinalIgnoreCase) { "mask", "masks" };

    /// <summary>List of the supported extensions, for messages.</summary>
    public static string Endings => string.Join(", ", Read);

    /// <summary>True if the name has a supported image extension; case is ignored.</summary>
    public static bool IsImage(string path) => Read.Contains(Path.GetExtension(path)) && !IsLitter(path);

    /// <summary>True if the name has the extension of an unsupported image format.</summary>
    public static bool IsUnread(string path) => Unread.Contains(Path.GetExtension(path)) && !IsLitter(path);

    /// <summary>True for files that operating systems create: hidden files, such as "._000.png" of macOS.</summary>
    public static bool IsLitter(string path) => Path.GetFileName(path).StartsWith('.');

    /// <summary>True for hidden folders, and for folders that software creates, such as previews.</summary>
    public static bool IsLitterFolder(string name) => name.StartsWith('.') || LitterFolders.Contains(name);

    /// <summary>True if the folder's name says that it contains masks.</summary>
    public static bool IsMaskFolder(string name) => TruthFolders.Contains(name) || MaskFolders.Contains(name);

    /// <summary>
    /// True if a file is a mask of a data set: it is in a folder such as "ground_truth", in a folder such as "masks" beside a folder of
    /// images, or it is "NAME_mask" beside an image NAME.
    /// </summary>
    /// <param name="relative">Path relative to the data set's folder.</param>
    /// <param name="file">The file.</param>
    public static bool IsMask(string relative, string file)
    {
        string[] folders = (Path.GetDirectoryName(relative) ?? "").Split(
            Path.DirectorySeparatorChar,
            StringSplitOptions.RemoveEmptyEntries
        );
        if (folders.Any(TruthFolders.Contains))
            return true;
        string folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "";
        for (int i = folders.Length - 1; i >= 0; i--, folder = Path.GetDirectoryName(folder) ?? "")
            if (
                MaskFolders.Contains(folders[i])
                && Path.GetDirectoryName(folder) is { } parent
                && Directory.EnumerateDirectories(parent).Any(d => IsImages(Path.GetFileName(d)))
            )
                return true;
        string stem = Path.GetFileNameWithoutExtension(file);
        return stem.EndsWith("_mask", StringComparison.OrdinalIgnoreCase)
            && Path.GetDirectoryName(file) is { } own
            && Read.Any(ending => File.Exists(Path.Combine(own, stem[..^"_mask".Length] + ending)));
    }

    private static bool IsImages(string name) =>
        name.ToUpperInvariant() is "IMAGE" or "IMAGES" or "IMG" or "IMGS" or "RGB" or "TEST" or "TRAIN";
}
