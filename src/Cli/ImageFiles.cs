using System.IO.Enumeration;

namespace AaClip.Cli;

/// <summary>An image that was named on the command line.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Output">Name for what is written about it, without an ending: relative, and different for each image.</param>
/// <param name="Relative">Its path below the folder that was named.</param>
internal readonly record struct ImageFile(string Path, string Output, string Relative);

/// <summary>Turns files, folders and globs into a list of images, in a stable order.</summary>
internal static class ImageFiles
{
    private static readonly string[] Endings = [".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"];

    /// <summary>A folder gives the image files below it; a file is taken whatever its name.</summary>
    /// <exception cref="FileNotFoundException">A path or a glob matches nothing.</exception>
    public static IReadOnlyList<ImageFile> Find(IEnumerable<string> paths)
    {
        List<ImageFile> found = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        HashSet<string> outputs = new(StringComparer.OrdinalIgnoreCase);
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
                AddFolder(path);
            else if (File.Exists(path))
                AddAll([path], System.IO.Path.GetDirectoryName(path) ?? "");
            else if (path.AsSpan().ContainsAny('*', '?'))
                AddGlob(path);
            else
                throw new FileNotFoundException($"'{path}' is neither a file nor a folder.");
        }

        return found;

        void AddFolder(string folder)
        {
            string[] images = [.. Below(folder)];
            if (images.Length == 0)
                throw new FileNotFoundException($"The folder '{folder}' holds no image ({string.Join(", ", Endings)}).");
            AddAll(images, folder);
        }

        void AddAll(IEnumerable<string> files, string root)
        {
            foreach (string file in files.Where(f => seen.Add(System.IO.Path.GetFullPath(f))))
            {
                string relative = System.IO.Path.GetRelativePath(root.Length == 0 ? "." : root, file);
                string stem = System.IO.Path.ChangeExtension(relative, null);
                string output = stem;
                for (int i = 2; !outputs.Add(output); i++)
                    output = FormattableString.Invariant($"{stem}-{i}"); // a.png beside a.jpg, or the same name in two folders
                found.Add(new ImageFile(file, output, relative));
            }
        }

        // The part before the first wildcard is the folder; "**" or a slash after it looks below.
        void AddGlob(string glob)
        {
            int wildcard = glob.AsSpan().IndexOfAny('*', '?');
            int slash = glob.LastIndexOf('/', wildcard);
            string root = slash < 0 ? "." : slash == 0 ? "/" : glob[..slash];
            string pattern = glob[(slash + 1)..].Replace("**/", "*", StringComparison.Ordinal);
            bool deep = pattern.Contains('/', StringComparison.Ordinal) || glob.Contains("**", StringComparison.Ordinal);
            string[] matches = Directory.Exists(root)
                ? [.. Directory.EnumerateFiles(root, "*", Options(deep))
                    .Where(f => FileSystemName.MatchesSimpleExpression(pattern, System.IO.Path.GetRelativePath(root, f), ignoreCase: false))
                    .Order(StringComparer.Ordinal)]
                : [];
            if (matches.Length == 0)
                throw new FileNotFoundException($"Nothing matches '{glob}'.");
            AddAll(matches, root);
        }
    }

    /// <summary>The folder that all paths begin with, with its slash; empty where there is none.</summary>
    public static string CommonFolder(IReadOnlyList<ImageFile> files)
    {
        string common = files[0].Path; // there is at least one
        foreach (ImageFile file in files)
            common = common[..common.AsSpan().CommonPrefixLength(file.Path)];
        return common[..(common.LastIndexOf('/') + 1)];
    }

    private static IEnumerable<string> Below(string folder) => Directory.EnumerateFiles(folder, "*", Options(deep: true))
        .Where(f => Endings.Contains(System.IO.Path.GetExtension(f).ToLowerInvariant()))
        .Order(StringComparer.Ordinal);

    private static EnumerationOptions Options(bool deep) => new() { RecurseSubdirectories = deep, IgnoreInaccessible = true, MatchCasing = MatchCasing.CaseSensitive };
}
