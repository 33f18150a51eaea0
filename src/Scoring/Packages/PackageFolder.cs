using System.Security.Cryptography;
using System.Text.Json;

namespace AaClip.Scoring.Packages;

/// <summary>
/// The folder of a package of any kind: model.json, and the files that it lists with their sizes and hashes. Nothing in it is changed after
/// it is written.
/// </summary>
public sealed class PackageFolder
{
    private const int MaxManifestBytes = 4 << 20;

    internal PackageFolder(string folder, ModelId id, IReadOnlyDictionary<string, PackageFile> files, string hash)
    {
        (Folder, Id, Files, Hash) = (folder, id, files, hash);
        foreach ((string name, PackageFile file) in files)
        {
            FileInfo info = new(PathOf(name));
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

    /// <summary>Absolute path.</summary>
    public string Folder { get; }

    /// <summary>Name and version.</summary>
    public ModelId Id { get; }

    /// <summary>Every file but model.json by its name ("/" between folders).</summary>
    public IReadOnlyDictionary<string, PackageFile> Files { get; }

    /// <summary>SHA-256 of model.json, lower-case hexadecimal: it stands for the whole package.</summary>
    public string Hash { get; }

    /// <summary>Absolute path of a file of the package.</summary>
    /// <exception cref="InvalidDataException">The name leads outside the folder.</exception>
    public string PathOf(string name)
    {
        string path = Path.GetFullPath(Path.Combine(Folder, name));
        return path.StartsWith(Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new InvalidDataException($"The package '{Folder}' lists '{name}', which lies outside it: do not use this package.");
    }

    /// <summary>Compares the SHA-256 of files with model.json.</summary>
    /// <exception cref="InvalidDataException">A file is not listed, or its content has changed.</exception>
    public void Verify(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (!Files.TryGetValue(name, out PackageFile? expected))
                throw new InvalidDataException(
                    $"The package '{Folder}' does not list '{name}' in its {ModelManifest.FileName}: import it again."
                );
            string found = HashOf(PathOf(name));
            if (found != expected.Sha256)
                throw new InvalidDataException(
                    $"'{name}' in the package '{Folder}' has SHA-256 {found}, expected {expected.Sha256}: the file was changed or "
                        + $"damaged; copy the package again."
                );
        }
    }

    /// <summary>SHA-256 of a file, lower-case hexadecimal.</summary>
    public static string HashOf(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>SHA-256 of a content, lower-case hexadecimal.</summary>
    public static string HashOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>The kind of a package (<see cref="PackageKind"/>); null for one that scores images.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">There is no readable model.json.</exception>
    public static string? KindOf(string folder)
    {
        (_, string path) = Locate(folder);
        return KindOf(File.ReadAllBytes(path), path);
    }

    /// <summary>The same from the content of its model.json.</summary>
    /// <param name="where">Name of the file in error messages.</param>
    /// <exception cref="InvalidDataException">It is no JSON.</exception>
    public static string? KindOf(byte[] manifest, string where)
    {
        using JsonDocument json = Parse(manifest, where);
        return KindOf(json.RootElement);
    }

    /// <summary>Finds model.json.</summary>
    /// <returns>The folder's absolute path without a slash at its end, which shell completion adds; and model.json's.</returns>
    internal static (string Folder, string Manifest) Locate(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string path = Path.Combine(folder, ModelManifest.FileName);
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"No model package at '{folder}': make one with 'aaclip import'.");
        if (!File.Exists(path))
            throw new InvalidDataException(
                $"'{folder}' is not a model package: it has no {ModelManifest.FileName}. Make one with 'aaclip import'."
            );
        if (new FileInfo(path).Length > MaxManifestBytes)
            throw new InvalidDataException(
                $"'{path}' has more than {MaxManifestBytes} bytes: this is not a model package's {ModelManifest.FileName}."
            );
        return (folder, path);
    }

    /// <summary>Reads model.json of one kind of package.</summary>
    /// <param name="kind">The kind; null for a model that scores images.</param>
    /// <param name="newest">The newest format that is read.</param>
    /// <param name="read">Makes the description of the text of the file; its errors of JSON are explained.</param>
    /// <param name="hash">SHA-256 of the file.</param>
    /// <exception cref="InvalidDataException">The package is of another kind, from a newer program, or damaged.</exception>
    internal static T Read<T>(string path, string? kind, int newest, Func<byte[], T?> read, out string hash)
        where T : class
    {
        byte[] text = File.ReadAllBytes(path);
        hash = HashOf(text);
        using (JsonDocument json = Parse(text, path))
        {
            RequireKind(KindOf(json.RootElement), kind, path);
            if (
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("schemaVersion", out JsonElement schema)
                && schema.ValueKind == JsonValueKind.Number
                && schema.TryGetInt32(out int version)
                && version > newest
            )
                throw new InvalidDataException($"'{path}' has schemaVersion {version}; this program reads up to {newest}: update it.");
        }

        try
        {
            return read(text) ?? throw new JsonException("The file holds null.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Unreadable(path, e);
        }
    }

    private static JsonDocument Parse(byte[] text, string path)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw Unreadable(path, e);
        }
    }

    private static InvalidDataException Unreadable(string path, Exception e) =>
        new($"'{path}' cannot be read as a model description: {e.Message}", e);

    private static string? KindOf(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("kind", out JsonElement kind) ? kind.ToString() : null;

    private static void RequireKind(string? found, string? wanted, string path)
    {
        if (found == wanted)
            return;
        throw new InvalidDataException(
            found is null or PackageKind.Check or PackageKind.Temporal
                ? $"'{path}' describes {PackageKind.Describe(found)}, not {PackageKind.Describe(wanted)}: {PackageKind.Use(found)}name a "
                    + $"package that 'aaclip import {PackageKind.Option(wanted)}' made."
                : $"'{path}' describes a package of the kind '{found}', which this program does not know: update it."
        );
    }
}
