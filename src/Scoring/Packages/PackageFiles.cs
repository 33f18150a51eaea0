namespace AaClip.Scoring.Packages;

/// <summary>The files that a package's model.json lists, in its folder.</summary>
internal static class PackageFiles
{
    /// <summary>Compares the sizes of all files with the list.</summary>
    /// <exception cref="InvalidDataException">A file is missing, has another size, or lies outside the folder.</exception>
    public static void CheckSizes(string folder, IReadOnlyDictionary<string, PackageFile> files)
    {
        foreach ((string name, PackageFile file) in files)
        {
            FileInfo info = new(Resolve(folder, name));
            if (!info.Exists)
                throw new InvalidDataException(
                    $"The package '{folder}' lacks '{name}', which its {ModelManifest.FileName} lists: copy it again."
                );
            if (info.Length != file.Bytes)
                throw new InvalidDataException(
                    $"'{name}' in the package '{folder}' has {info.Length} bytes, expected {file.Bytes}: copy it again."
                );
        }
    }

    /// <summary>Compares the SHA-256 of files with the list.</summary>
    /// <exception cref="InvalidDataException">A file is not listed, or its content has changed.</exception>
    public static void Verify(string folder, IReadOnlyDictionary<string, PackageFile> files, ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (!files.TryGetValue(name, out PackageFile? expected))
                throw new InvalidDataException(
                    $"The package '{folder}' does not list '{name}' in its {ModelManifest.FileName}: import it again."
                );
            string found = ModelPackage.HashOf(Resolve(folder, name));
            if (found != expected.Sha256)
                throw new InvalidDataException(
                    $"'{name}' in the package '{folder}' has SHA-256 {found}, expected {expected.Sha256}: the file was changed or "
                        + $"damaged; copy the package again."
                );
        }
    }

    /// <summary>Absolute path of a file of a package.</summary>
    /// <exception cref="InvalidDataException">The name leads outside the folder.</exception>
    public static string Resolve(string folder, string name)
    {
        string path = Path.GetFullPath(Path.Combine(folder, name));
        return path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new InvalidDataException($"The package '{folder}' lists '{name}', which lies outside it: do not use this package.");
    }
}
