using System.Security.Cryptography;
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

    /// <summary>Folder of the tokenizer's vocabulary.</summary>
    public const string Tokenizer = "tokenizer";

    private const int MaxManifestBytes = 4 << 20;
    private const double MaxSigma = 64; // pixels

    private ModelPackage(string folder, ModelManifest manifest)
    {
        Folder = folder;
        Manifest = manifest;
    }

    /// <summary>Absolute path of the folder.</summary>
    public string Folder { get; }

    /// <summary>The content of model.json.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>Reads and checks model.json. Large files are checked later, by <see cref="Verify"/>, when they are used.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">
    /// The folder is not a package, its format is newer than this program, or a listed file is missing or has another size.
    /// </exception>
    public static ModelPackage Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        // removes the trailing slash of "models/aaclip/", which shell completion adds
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

        ModelManifest manifest = Read(path);
        PackageFiles.CheckSizes(folder, manifest.Files);
        return new ModelPackage(folder, manifest);
    }

    /// <summary>Absolute path of a file of the package.</summary>
    public string PathOf(string name) => PackageFiles.Resolve(Folder, name);

    /// <summary>Compares the SHA-256 of files with model.json.</summary>
    /// <exception cref="InvalidDataException">A file is not listed, or its content has changed.</exception>
    public void Verify(params ReadOnlySpan<string> names) => PackageFiles.Verify(Folder, Manifest.Files, names);

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

    /// <summary>SHA-256 of a file, lower-case hexadecimal.</summary>
    public static string HashOf(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static ModelManifest Read(string path)
    {
        try
        {
            byte[] text = File.ReadAllBytes(path);
            using (JsonDocument json = JsonDocument.Parse(text))
            {
                if (PackageKind.IsTemporal(json.RootElement))
                    throw new InvalidDataException(
                        $"'{Path.GetDirectoryName(path)}' is a temporal package, which finds events in a sequence of frames and does not "
                            + "score images: use it with 'aaclip timeline', or name a package that 'aaclip import --clip' made."
                    );
                if (
                    json.RootElement.TryGetProperty("schemaVersion", out JsonElement schema)
                    && schema.TryGetInt32(out int version)
                    && version > ModelManifest.CurrentSchema
                )
                    throw new InvalidDataException(
                        $"'{path}' has schemaVersion {version}; this program reads up to {ModelManifest.CurrentSchema}: update it."
                    );
            }

            ModelManifest manifest =
                JsonSerializer.Deserialize(text, PackageJson.Default.ModelManifest) ?? throw new JsonException("The file holds null.");
            Check(manifest, path);
            return manifest;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{path}' cannot be read as a model description: {e.Message}", e);
        }
    }

    private static void Check(ModelManifest manifest, string path)
    {
        if (!ModelManifest.IsLabel(manifest.Name) || !ModelManifest.IsLabel(manifest.Version))
            throw new InvalidDataException(
                $"'{path}' has the name '{manifest.Name}' and the version '{manifest.Version}', expected letters, digits, '.', '_' "
                    + $"and '-', at most 64: import the model again."
            );
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
        if (shape.Embed <= 0 || shape.Context <= 2 || shape.Levels.Count == 0)
            throw new InvalidDataException(
                $"'{path}' has embed {shape.Embed}, context {shape.Context} and {shape.Levels.Count} levels: the file is damaged."
            );
        foreach ((string name, Calibration? calibration) in manifest.Calibrations)
            (calibration ?? throw new InvalidDataException($"'{path}' has an empty calibration for '{name}': calibrate again.")).Validate(
                $"The calibration of '{name}' in '{path}'"
            );
        foreach ((string name, PackageFile? file) in manifest.Files)
            if (file is null)
                throw new InvalidDataException($"'{path}' says nothing of '{name}', expected its bytes and sha256: the file is damaged.");
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
        foreach (string name in needed)
            if (!manifest.Files.ContainsKey(name))
                throw new InvalidDataException($"'{path}' does not list '{name}': the package is incomplete; import it again.");
    }
}
