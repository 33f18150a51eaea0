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

    /// <summary>
    /// Folder with the report of a scan and its pictures (<c>aaclip scan</c>): beside the listed files, so it does not change the version.
    /// </summary>
    public const string Scan = "scan";

    /// <summary>Folder of the tokenizer's vocabulary.</summary>
    public const string Tokenizer = "tokenizer";

    private const int MaxManifestBytes = 4 << 20;
    private const double MaxSigma = 64; // pixels

    private ModelPackage(string folder, ModelManifest manifest, string hash)
    {
        Folder = folder;
        Manifest = manifest;
        Hash = hash;
    }

    /// <summary>Absolute path of the folder.</summary>
    public string Folder { get; }

    /// <summary>The content of model.json.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>
    /// SHA-256 of model.json, lower-case hexadecimal. As model.json has the hash of each other file, this one stands for the whole package,
    /// with its calibrations and where it came from.
    /// </summary>
    public string Hash { get; }

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

        byte[] text = File.ReadAllBytes(path);
        ModelManifest manifest = Read(path, text);
        foreach ((string name, PackageFile file) in manifest.Files)
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

        return new ModelPackage(folder, manifest, HashOf(text));
    }

    /// <summary>Absolute path of a file of the package.</summary>
    public string PathOf(string name) => Resolve(Folder, name);

    /// <summary>Compares the SHA-256 of files with model.json.</summary>
    /// <exception cref="InvalidDataException">A file is not listed, or its content has changed.</exception>
    public void Verify(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (!Manifest.Files.TryGetValue(name, out PackageFile? expected))
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

    /// <summary>SHA-256 of a content, lower-case hexadecimal.</summary>
    public static string HashOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static ModelManifest Read(string path, byte[] text)
    {
        try
        {
            using (JsonDocument json = JsonDocument.Parse(text))
                if (
                    json.RootElement.TryGetProperty("schemaVersion", out JsonElement schema)
                    && schema.TryGetInt32(out int version)
                    && version > ModelManifest.CurrentSchema
                )
                    throw new InvalidDataException(
                        $"'{path}' has schemaVersion {version}; this program reads up to {ModelManifest.CurrentSchema}: update it."
                    );
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

    // Throws if a file name from model.json leads outside the package.
    private static string Resolve(string folder, string name)
    {
        string path = Path.GetFullPath(Path.Combine(folder, name));
        return path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new InvalidDataException($"The package '{folder}' lists '{name}', which lies outside it: do not use this package.");
    }
}
