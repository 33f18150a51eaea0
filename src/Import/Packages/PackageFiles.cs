using System.Numerics.Tensors;
using AaClip.Scoring.Packages;

namespace AaClip.Import.Packages;

/// <summary>What the importers of all kinds of packages have in common.</summary>
internal static class PackageFiles
{
    /// <returns>The absolute path of the new package, without a slash at its end.</returns>
    /// <exception cref="IOException">The folder exists.</exception>
    public static string RequireNew(string output)
    {
        output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        return Path.Exists(output)
            ? throw new IOException($"'{output}' exists already, and a package never changes: choose another --out, or delete it first.")
            : output;
    }

    /// <exception cref="InvalidDataException">The name or the version cannot be used (<see cref="ModelManifest.IsLabel"/>).</exception>
    public static void RequireLabels(string? name, string? version)
    {
        foreach ((string option, string? label) in (ReadOnlySpan<(string, string?)>)[("--name", name), ("--model-version", version)])
            if (label is not null && !ModelManifest.IsLabel(label))
                throw new InvalidDataException($"{option} '{label}' cannot be used: take letters, digits, '.', '_' and '-', at most 64.");
    }

    /// <summary>
    /// The folder's name, with characters that are not allowed in a label replaced: "My model" gives "My-model".
    /// </summary>
    public static string Label(string output)
    {
        string folder = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(output)));
        string label = string.Concat(folder.Take(64).Select(c => ModelManifest.IsLabel($"a{c}") ? c : '-')).TrimStart('.', '_', '-');
        return label.Length > 0 ? label : "model";
    }

    /// <summary>
    /// Checks that weights are numbers: NaN or infinity would spread, or be lost in the int8 quantisation. Here the message can name the
    /// tensor.
    /// </summary>
    /// <exception cref="InvalidDataException">A value is not finite, or does not fit into float16.</exception>
    public static void CheckRange(ReadOnlySpan<float> values, string name, string file, Precision precision)
    {
        float largest = Math.Abs(TensorPrimitives.MaxMagnitude(values)); // NaN if any value is NaN
        if (!float.IsFinite(largest))
            throw new InvalidDataException(
                $"Tensor '{name}' in '{file}' holds values that are not finite numbers: the training diverged or the file is "
                    + $"damaged; take another checkpoint."
            );
        bool ofImages = name.StartsWith("visual.", StringComparison.Ordinal) || name.StartsWith("image_adapter.", StringComparison.Ordinal);
        if (precision == Precision.Fp16 && ofImages && largest > (float)Half.MaxValue)
            throw new InvalidDataException(
                $"Tensor '{name}' in '{file}' holds values beyond {Half.MaxValue}, the largest of float16: import with --precision fp32."
            );
    }

    /// <summary>Sizes and hashes of the imported files.</summary>
    /// <param name="files">Role and path of each.</param>
    /// <returns>By "role/name".</returns>
    public static Dictionary<string, ProvenanceFile> Sources(
        IEnumerable<(string Role, string Path)> files,
        IProgress<ImportProgress>? progress,
        CancellationToken cancellation
    )
    {
        Dictionary<string, ProvenanceFile> sources = [];
        foreach ((string role, string path) in files)
        {
            cancellation.ThrowIfCancellationRequested();
            string name = Path.GetFileName(path);
            progress?.Report(new ImportProgress($"Hashing {name}", 1, 1));
            PackageFile file = Hash(path);
            sources[$"{role}/{name}"] = new ProvenanceFile(name, file.Bytes, file.Sha256);
        }

        return sources;
    }

    /// <summary>Sizes and hashes of all files of a new package, by name.</summary>
    public static SortedDictionary<string, PackageFile> Hash(
        StagingFolder staging,
        IProgress<ImportProgress>? progress,
        CancellationToken cancellation
    )
    {
        SortedDictionary<string, PackageFile> files = new(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(staging.Path, "*", SearchOption.AllDirectories))
        {
            cancellation.ThrowIfCancellationRequested();
            string name = Path.GetRelativePath(staging.Path, file).Replace('\\', '/');
            progress?.Report(new ImportProgress($"Hashing {name}", 1, 1));
            files[name] = Hash(file);
        }

        return files;
    }

    /// <summary>Size and hash of a file.</summary>
    public static PackageFile Hash(string path) => new(new FileInfo(path).Length, PackageFolder.HashOf(path));

    /// <summary>Where a package that is written now came from.</summary>
    /// <param name="training">What a training recorded beside its checkpoint; null for none.</param>
    public static Provenance Provenance(Dictionary<string, ProvenanceFile> sources, TrainingOrigin? training = null) =>
        new()
        {
            Sources = sources,
            Training = training,
            WrittenBy = $"aaclip {typeof(PackageFiles).Assembly.GetName().Version?.ToString(3)}",
            WrittenAt = TimeProvider.System.GetUtcNow(),
        };
}
