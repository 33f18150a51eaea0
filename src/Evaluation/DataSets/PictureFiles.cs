namespace AaClip.Evaluation.DataSets;

/// <summary>What the names of files and folders tell: which are images, which hold masks, and what systems leave behind.</summary>
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

    /// <summary>Endings of the files that are read, in words.</summary>
    public static string Endings => string.Join(", ", Read);

    /// <summary>An image that is read, by its name; whatever its case.</summary>
    public static bool IsImage(string path) => Read.Contains(Path.GetExtension(path)) && !IsLitter(path);

    /// <summary>A picture of a kind that is not read, by its name.</summary>
    public static bool IsUnread(string path) => Unread.Contains(Path.GetExtension(path)) && !IsLitter(path);

    /// <summary>What systems leave between images: hidden files, such as a Mac's "._000.png".</summary>
    public static bool IsLitter(string path) => Path.GetFileName(path).StartsWith('.');

    /// <summary>A folder of previews or the like, which no one put there.</summary>
    public static bool IsLitterFolder(string name) => name.StartsWith('.') || LitterFolders.Contains(name);

    /// <summary>A folder whose name says that it holds masks.</summary>
    public static bool IsMaskFolder(string name) => TruthFolders.Contains(name) || MaskFolders.Contains(name);

    /// <summary>
    /// Whether a file below a folder is a mask of a data set: it lies in a folder "ground_truth" or the like, in "masks" beside others, or
    /// is "NAME_mask" beside an image NAME.
    /// </summary>
    /// <param name="relative">Path below the folder that was named.</param>
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
