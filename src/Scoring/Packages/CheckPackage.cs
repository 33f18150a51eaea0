using System.Text.Json;

namespace AaClip.Scoring.Packages;

/// <summary>
/// A package that tells generated pictures from photos (C2P-CLIP; docs/methods.md): a folder with model.json of the kind "check", the graph
/// check.onnx ([B,3,S,S] to one logit for each image) and its weights. It scores no anomalies, so whatever needs a
/// <see cref="ModelPackage"/> refuses it.
/// </summary>
public sealed class CheckPackage
{
    /// <summary>File of the graph.</summary>
    public const string Graph = "check.onnx";

    /// <summary>File of the graph's weights.</summary>
    public const string Weights = "check.weights";

    private const int MaxSide = 8192;

    private CheckPackage(PackageFolder content, CheckManifest manifest) => (Content, Manifest) = (content, manifest);

    /// <summary>Folder and files.</summary>
    public PackageFolder Content { get; }

    /// <summary>The content of model.json.</summary>
    public CheckManifest Manifest { get; }

    /// <summary>Name and version in one.</summary>
    public ModelId Id => Content.Id;

    /// <summary>Reads and checks model.json, and the sizes of the files; their hashes are checked when they are used.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">
    /// The folder is not a package of this kind, its format is newer than this program, or a listed file is missing or has another size.
    /// </exception>
    public static CheckPackage Open(string folder)
    {
        (folder, string path) = PackageFolder.Locate(folder);
        CheckManifest manifest = PackageFolder.Read(
            path,
            PackageKind.Check,
            CheckManifest.Schema,
            text => JsonSerializer.Deserialize(text, PackageJson.Default.CheckManifest),
            out string hash
        );
        Check(manifest, path);
        return new CheckPackage(new PackageFolder(folder, new ModelId(manifest.Name, manifest.Version), manifest.Files, hash), manifest);
    }

    private static void Check(CheckManifest manifest, string path)
    {
        ModelManifest.RequireLabels(manifest.Name, manifest.Version, path);
        manifest.Preprocessing.Validate();
        VisionArchitecture shape = manifest.Architecture;
        if (
            shape.Patch <= 0
            || shape.ImageSize is <= 0 or > MaxSide
            || shape.ImageSize % shape.Patch != 0
            || shape.ImageSize != manifest.Preprocessing.Size
        )
            throw new InvalidDataException(
                $"'{path}' has imageSize {shape.ImageSize}, patch {shape.Patch} and preprocessing size {manifest.Preprocessing.Size}: "
                    + $"the sizes must be equal, a positive multiple of the patch, and at most {MaxSide}; the file is damaged."
            );
        ModelManifest.RequireFiles(manifest.Files, path, Graph, Weights);
    }
}
