namespace AaClip.Evaluation.DataSets;

/// <summary>Real and generated pictures in folders "0_real" and "1_fake", as the published benchmarks have them.</summary>
/// <param name="Name">Name of the folder that both lie in: usually that of a generator.</param>
/// <param name="Real">Paths of the real pictures, sorted.</param>
/// <param name="Generated">Paths of the generated pictures, sorted.</param>
public sealed record CheckSet(string Name, IReadOnlyList<string> Real, IReadOnlyList<string> Generated)
{
    /// <summary>Name of the folders of real pictures.</summary>
    public const string RealFolder = "0_real";

    /// <summary>Name of the folders of generated pictures.</summary>
    public const string GeneratedFolder = "1_fake";

    /// <summary>
    /// Finds the sets in a folder: the folder itself, if it has one of both folders; otherwise one set for each folder in it that has some
    /// at
    /// any depth. Classes of one generator, such as progan/car/0_real, thus count together, as in the published tables.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">There is no picture in such folders.</exception>
    public static IReadOnlyList<CheckSet> Find(string folder)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        CheckSet[] found =
            Directory.Exists(Path.Combine(folder, RealFolder)) || Directory.Exists(Path.Combine(folder, GeneratedFolder))
                ? [Of(folder)]
                : [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Select(Of)];
        found = [.. found.Where(s => s.Real.Count + s.Generated.Count > 0)];
        return found.Length > 0
            ? found
            : throw new InvalidDataException(
                $"'{folder}' has no pictures in folders '{RealFolder}' (taken by a camera) and '{GeneratedFolder}' (made by a generator): "
                    + "sort them into such folders."
            );
    }

    private static CheckSet Of(string folder)
    {
        string[] files =
        [
            .. Directory
                .EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
                .Where(PictureFiles.IsImage)
                .Order(StringComparer.Ordinal),
        ];
        return new CheckSet(Path.GetFileName(Path.GetFullPath(folder).TrimEnd('/')), In(RealFolder), In(GeneratedFolder));

        string[] In(string name) => [.. files.Where(f => Path.GetRelativePath(folder, f).Split('/').SkipLast(1).Contains(name))];
    }
}
