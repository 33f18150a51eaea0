using System.Text.Json;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;

namespace AaClip.Scoring.Events;

/// <summary>
/// A temporal package: a folder with model.json, frame.onnx (a frame to its feature), head.onnx (a window of features to scores), both with
/// their weights, and classes.safetensors (embeddings of the classes). The text tower is not in it. It is never changed after it is
/// written.
/// </summary>
public sealed class TemporalPackage
{
    /// <summary>File of the graph from a frame to its feature.</summary>
    public const string FrameGraph = "frame.onnx";

    /// <summary>File of that graph's weights.</summary>
    public const string FrameWeights = "frame.weights";

    /// <summary>File of the graph from features to scores.</summary>
    public const string HeadGraph = "head.onnx";

    /// <summary>File of that graph's weights.</summary>
    public const string HeadWeights = "head.weights";

    /// <summary>File of the class embeddings: tensor "classes", [C, D].</summary>
    public const string Classes = "classes.safetensors";

    private const int MaxClasses = 1000;

    private TemporalPackage(PackageFolder content, TemporalManifest manifest) => (Content, Manifest) = (content, manifest);

    /// <summary>Folder and files.</summary>
    public PackageFolder Content { get; }

    /// <summary>Absolute path of the folder.</summary>
    public string Folder => Content.Folder;

    /// <summary>The content of model.json.</summary>
    public TemporalManifest Manifest { get; }

    /// <summary>Reads and checks model.json, and compares the sizes of the files.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">
    /// The folder is not a temporal package, its format is newer than this program, or a file is missing or has another size.
    /// </exception>
    public static TemporalPackage Open(string folder)
    {
        (folder, string path) = PackageFolder.Locate(folder);
        TemporalManifest manifest = PackageFolder.Read(
            path,
            PackageKind.Temporal,
            TemporalManifest.CurrentSchema,
            text => JsonSerializer.Deserialize(text, TemporalJson.Default.TemporalManifest),
            out string hash
        );
        Check(manifest, path);
        return new TemporalPackage(new PackageFolder(folder, new ModelId(manifest.Name, manifest.Version), manifest.Files, hash), manifest);
    }

    /// <summary>Absolute path of a file of the package.</summary>
    public string PathOf(string name) => Content.PathOf(name);

    /// <inheritdoc cref="PackageFolder.Verify"/>
    public void Verify(params ReadOnlySpan<string> names) => Content.Verify(names);

    /// <summary>The embeddings of the classes, [C, D].</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public float[] ReadClasses()
    {
        using SafetensorsFile file = SafetensorsFile.Open(PathOf(Classes));
        StoredTensor tensor =
            file.Tensors.GetValueOrDefault("classes")
            ?? throw new InvalidDataException($"'{PathOf(Classes)}' has no tensor 'classes': import the model again.");
        return tensor.Expect("import the model again", Manifest.Classes.Count, Manifest.Head.Width).ToFloat32();
    }

    private static void Check(TemporalManifest manifest, string path)
    {
        TemporalHead head = manifest.Head;
        string? wrong =
            !ModelManifest.IsLabel(manifest.Name) || !ModelManifest.IsLabel(manifest.Version)
                ? $"the name '{manifest.Name}' and the version '{manifest.Version}', expected letters, digits, '.', '_' and '-', at most 64"
            : head.Length is < 1 or > 65536 || head.Window < 1 || head.Length % head.Window != 0
                ? $"the length {head.Length} and the window {head.Window}, expected a window that divides the length"
            : head.Width is < 1 or > 65536 ? $"the width {head.Width}, expected 1 to 65536"
            : manifest.Classes.Count is < 2 or > MaxClasses ? $"{manifest.Classes.Count} classes, expected 2 to {MaxClasses}"
            : manifest.SnippetFrames < 1 || manifest.SnippetSeconds is not (> 0 and < 86400)
                ? FormattableString.Invariant($"snippets of {manifest.SnippetFrames} frames and {manifest.SnippetSeconds} s")
            : manifest.Calibration is { } c && (c.Threshold is not (> 0 and <= 2) || c.MinSeconds is not (> 0 and < 86400))
                ? FormattableString.Invariant($"the threshold {c.Threshold} over {c.MinSeconds} s")
            : manifest.Frame.Fault();
        if (wrong is not null)
            throw new InvalidDataException($"'{path}' has {wrong}: the file is damaged; import the model again.");
        foreach (string name in (ReadOnlySpan<string>)[FrameGraph, HeadGraph, Classes])
            if (!manifest.Files.ContainsKey(name))
                throw new InvalidDataException($"'{path}' does not list '{name}': the package is incomplete; import it again.");
    }
}
