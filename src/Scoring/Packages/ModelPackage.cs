using System.Text.Json;
using AaClip.Scoring.Images;
using AaClip.Scoring.Text;

namespace AaClip.Scoring.Packages;

/// <summary>
/// A model package: a folder with model.json, the image graph with its weights, and anchors; unless these are the same for all classes,
/// also the text graph with its weights, a tokenizer, and prompts of its own if it has some. If anchors are made from each image (AdaCLIP),
/// the image graph contains the text tower. A package is never changed after it is written.
/// </summary>
public sealed class ModelPackage
{
    /// <summary>File of the image graph.</summary>
    public const string ImageGraph = "image.onnx";

    /// <summary>File of the image graph's weights.</summary>
    public const string ImageWeights = "image.weights";

    /// <summary>File of the text graph.</summary>
    public const string TextGraph = "text.onnx";

    /// <summary>File of the text graph's weights.</summary>
    public const string TextWeights = "text.weights";

    /// <summary>File of the anchors of the package's own classes.</summary>
    public const string Anchors = "anchors.safetensors";

    /// <summary>File of the package's own prompts.</summary>
    public const string Prompts = "prompts.json";

    /// <summary>
    /// Folder with the report of a scan and its pictures (<c>aaclip scan</c>): beside the listed files, so it does not change the version.
    /// </summary>
    public const string Scan = "scan";

    /// <summary>Folder of the tokenizer's vocabulary.</summary>
    public const string Tokenizer = "tokenizer";

    private const double MaxSigma = 64; // pixels

    private ModelPackage(PackageFolder content, ModelManifest manifest) => (Content, Manifest) = (content, manifest);

    /// <summary>Folder and files.</summary>
    public PackageFolder Content { get; }

    /// <summary>Absolute path of the folder.</summary>
    public string Folder => Content.Folder;

    /// <summary>The content of model.json.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>
    /// SHA-256 of model.json, lower-case hexadecimal. As model.json has the hash of each other file, this one stands for the whole package,
    /// with its calibrations and where it came from.
    /// </summary>
    public string Hash => Content.Hash;

    /// <summary>Reads and checks model.json. Large files are checked later, by <see cref="Verify"/>, when they are used.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">
    /// The folder is not a package that scores images, its format is newer than this program, or a listed file is missing or has another
    /// size.
    /// </exception>
    public static ModelPackage Open(string folder)
    {
        (folder, string path) = PackageFolder.Locate(folder);
        ModelManifest manifest = PackageFolder.Read(
            path,
            null,
            ModelManifest.CurrentSchema,
            text => JsonSerializer.Deserialize(text, PackageJson.Default.ModelManifest),
            out string hash
        );
        Check(manifest, path);
        return new ModelPackage(new PackageFolder(folder, manifest.Id, manifest.Files, hash), manifest);
    }

    /// <summary>Absolute path of a file of the package.</summary>
    public string PathOf(string name) => Content.PathOf(name);

    /// <inheritdoc cref="PackageFolder.Verify"/>
    public void Verify(params ReadOnlySpan<string> names) => Content.Verify(names);

    /// <summary>The prompts that anchors of this package are made with.</summary>
    /// <param name="verify">Whether to compare the file's hash first.</param>
    /// <exception cref="InvalidDataException">The file is damaged or changed.</exception>
    public PromptPack ReadPrompts(bool verify)
    {
        if (!Manifest.Files.ContainsKey(Prompts))
            return PromptPack.Default;
        if (verify)
            Verify(Prompts);
        return PromptPack.FromJson(File.ReadAllBytes(PathOf(Prompts)), PathOf(Prompts));
    }

    private static void Check(ModelManifest manifest, string path)
    {
        ModelManifest.RequireLabels(manifest.Name, manifest.Version, path);
        ModelArchitecture shape = manifest.Architecture;
        if (shape.Patch <= 0 || shape.ImageSize <= 0 || shape.ImageSize % shape.Patch != 0 || shape.ImageSize > 8192)
            throw new InvalidDataException(
                $"'{path}' has imageSize {shape.ImageSize} and patch {shape.Patch}: the size must be a positive multiple of the "
                    + $"patch, at most 8192."
            );
        manifest.Preprocessing.Validate();
        if (manifest.Preprocessing.Size != shape.ImageSize)
            throw new InvalidDataException(
                $"'{path}' has preprocessing size {manifest.Preprocessing.Size} but imageSize {shape.ImageSize}: the file is damaged."
            );
        if (manifest.Preprocessing.Fit != ImageFit.Stretch)
            throw new InvalidDataException(
                $"'{path}' cuts images to a square, so that maps would not fit them: the file is damaged; import the model again."
            );
        if (shape.Embed <= 0 || shape.Context <= 2 || shape.Levels.Count == 0)
            throw new InvalidDataException(
                $"'{path}' has embed {shape.Embed}, context {shape.Context} and {shape.Levels.Count} levels: the file is damaged."
            );
        foreach ((string name, Calibration? calibration) in manifest.Calibrations)
            (calibration ?? throw new InvalidDataException($"'{path}' has an empty calibration for '{name}': calibrate again.")).Validate(
                $"The calibration of '{name}' in '{path}'"
            );
        if (manifest.Method is { LevelScore: LevelScore.Softmax, Temperature: not > 0 })
            throw new InvalidDataException(
                FormattableString.Invariant(
                    $"'{path}' has the temperature {manifest.Method.Temperature}, expected a positive number: the file is damaged."
                )
            );
        if (manifest.Method.Map.Sigma is not (>= 0 and <= MaxSigma))
            throw new InvalidDataException(
                FormattableString.Invariant(
                    $"'{path}' smooths maps with a sigma of {manifest.Method.Map.Sigma} pixels, expected 0 to {MaxSigma}: it is damaged."
                )
            );
        if (manifest.Method.Map.Sigmoid != (manifest.Method.LevelMix == LevelMix.Logits))
            throw new InvalidDataException(
                $"'{path}' takes the sigmoid of the map, or keeps logits, but not both: the file is damaged; import the model again."
            );
        if (!Views.Counts.Contains(manifest.Method.Views ?? 1))
            throw new InvalidDataException(
                $"'{path}' has {manifest.Method.Views} views, expected {string.Join(" or ", Views.Counts)}: the file is damaged."
            );
        if (manifest.Method.Hybrid is { } hybrid && (hybrid.Blocks < 1 || hybrid.Rows < 1 || hybrid.Clusters < 1))
            throw new InvalidDataException(
                $"'{path}' has {hybrid}, expected positive numbers: the file is damaged; import the model again."
            );
        string[] needed =
            manifest.Method.FixedAnchors ? [ImageGraph, Anchors]
            : manifest.Method.TextTower ? [ImageGraph, TextGraph]
            : [ImageGraph];
        ModelManifest.RequireFiles(manifest.Files, path, needed);
    }
}
