using System.IO.Enumeration;
using AaClip.Evaluation.DataSets;
using AaClip.Scoring;
using AaClip.Scoring.Images;

namespace AaClip.Cli.Model;

/// <summary>An image that was named on the command line.</summary>
/// <param name="Output">Name of its output files, without extension: relative, and different for each image.</param>
/// <param name="Relative">Its path below the folder that was named.</param>
internal readonly record struct ImageFile(string Path, string Output, string Relative);

/// <summary>Turns files, folders and globs into a list of images, in a stable order.</summary>
internal sealed class ImageFiles
{
    private readonly List<ImageFile> _found = [];
    private readonly List<string> _unread = [],
        _masks = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _outputs = new(StringComparer.OrdinalIgnoreCase);

    private ImageFiles() { }

    /// <summary>A folder gives the image files below it, except the masks of a data set; a file is taken whatever its name.</summary>
    /// <param name="note">
    /// Receives a sentence about files that are left out: masks, and pictures in unsupported formats. Null writes it to standard error.
    /// </param>
    /// <exception cref="FileNotFoundException">A path or a glob matches nothing.</exception>
    public static IReadOnlyList<ImageFile> Find(IEnumerable<string> paths, Action<string>? note = null)
    {
        ImageFiles files = new();
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
                files.AddFolder(path);
            else if (File.Exists(path))
                files.AddAll([path], Path.GetDirectoryName(path) ?? "");
            else if (path.AsSpan().ContainsAny('*', '?'))
                files.AddGlob(path);
            else
                throw new FileNotFoundException($"'{path}' is neither a file nor a folder.");
        }

        note ??= Console.Error.WriteLine;
        if (files._unread.Count > 0)
            note($"Left out: {Unread(files._unread)}.");
        if (files._masks.Count > 0)
            note(
                $"Left out: {files._masks.Count} {(files._masks.Count == 1 ? "mask" : "masks")} of a data set, such as "
                    + $"'{files._masks[0]}'. Name the folder of masks itself to take them."
            );
        return files._found;
    }

    /// <summary>The paths of the images; none for none.</summary>
    /// <exception cref="FileNotFoundException">See <see cref="Find"/>.</exception>
    public static string[] Paths(IEnumerable<string> paths) => [.. Find(paths).Select(f => f.Path)];

    /// <summary>Decodes an image that is to be scored.</summary>
    /// <exception cref="ImageRejectedException">It cannot be read, or shows nothing; the message names it.</exception>
    public static RgbImage Decode(ReadOnlyMemory<byte> bytes, string file, AnomalyScorer scorer)
    {
        RgbImage image = ImageDecoder.Decode(bytes, file).Image;
        BlankImage.Refuse(image, file, scorer.Model.Architecture.Patch);
        return image;
    }

    /// <summary>The folder that all paths begin with, with a slash at its end; empty if there is none.</summary>
    public static string CommonFolder(IReadOnlyList<ImageFile> files)
    {
        string common = files[0].Path; // there is at least one
        foreach (ImageFile file in files)
            common = common[..common.AsSpan().CommonPrefixLength(file.Path)];
        return common[..(common.LastIndexOf('/') + 1)];
    }

    private void AddFolder(string folder)
    {
        string[] files = [.. Below(folder, deep: true)];
        string[] unread = [.. files.Where(PictureFiles.IsUnread)],
            pictures = [.. files.Where(PictureFiles.IsImage)];
        string[] masks = [.. pictures.Where(f => PictureFiles.IsMask(Path.GetRelativePath(folder, f), f))];
        string[] images = [.. pictures.Except(masks)];
        if (images.Length == 0)
            throw new FileNotFoundException(
                $"The folder '{folder}' holds no image "
                    + $"({PictureFiles.Endings}){(unread.Length > 0 ? $", but {Unread(unread)}" : "")}"
                    + $"{(masks.Length > 0 ? $", but {masks.Length} masks of a data set" : "")}."
            );
        _unread.AddRange(unread);
        _masks.AddRange(masks);
        AddAll(images, folder);
    }

    private void AddAll(IEnumerable<string> files, string root)
    {
        foreach (string file in files.Where(f => _seen.Add(Path.GetFullPath(f))))
        {
            string relative = Path.GetRelativePath(root.Length == 0 ? "." : root, file);
            string stem = Path.ChangeExtension(relative, null);
            string output = stem;
            for (int i = 2; !_outputs.Add(output); i++)
                output = FormattableString.Invariant($"{stem}-{i}"); // a.png beside a.jpg, or the same name in two folders
            _found.Add(new ImageFile(file, output, relative));
        }
    }

    // The part before the first wildcard is the folder; "**" or a slash after it searches subfolders. Masks are taken if the glob names
    // their folder.
    private void AddGlob(string glob)
    {
        int wildcard = glob.AsSpan().IndexOfAny('*', '?');
        int slash = glob.LastIndexOf('/', wildcard);
        string root =
            slash < 0 ? "."
            : slash == 0 ? "/"
            : glob[..slash];
        string pattern = glob[(slash + 1)..].Replace("**/", "*", StringComparison.Ordinal);
        bool deep = pattern.Contains('/', StringComparison.Ordinal) || glob.Contains("**", StringComparison.Ordinal);
        string[] matches = Directory.Exists(root)
            ?
            [
                .. Below(root, deep)
                    .Where(f => FileSystemName.MatchesSimpleExpression(pattern, Path.GetRelativePath(root, f), ignoreCase: false)),
            ]
            : [];
        string[] masks = glob[(slash + 1)..].Split('/').Any(PictureFiles.IsMaskFolder)
            ? []
            : [.. matches.Where(f => PictureFiles.IsMask(Path.GetRelativePath(root, f), f))];
        if (matches.Length == masks.Length)
            throw new FileNotFoundException(
                $"Nothing matches '{glob}'{(masks.Length > 0 ? $" but {masks.Length} masks of a data set" : "")}."
            );
        _masks.AddRange(masks);
        AddAll(matches.Except(masks), root);
    }

    private static string Unread(IReadOnlyCollection<string> files)
    {
        string kinds = string.Join(
            ", ",
            files
                .GroupBy(f => Path.GetExtension(f).ToLowerInvariant())
                .OrderByDescending(g => g.Count())
                .Select(g => $"{g.Count()} {g.Key}")
        );
        return $"{files.Count} {(files.Count == 1 ? "picture" : "pictures")} in unsupported formats ({kinds}), such as "
            + $"'{files.First()}': save them as PNG or JPEG";
    }

    private static IEnumerable<string> Below(string folder, bool deep) =>
        Directory
            .EnumerateFiles(
                folder,
                "*",
                new EnumerationOptions
                {
                    RecurseSubdirectories = deep,
                    IgnoreInaccessible = true,
                    MatchCasing = MatchCasing.CaseSensitive,
                }
            )
            .Where(f => !Path.GetRelativePath(folder, f).Split(Path.DirectorySeparatorChar)[..^1].Any(PictureFiles.IsLitterFolder))
            .Order(StringComparer.Ordinal);
}
