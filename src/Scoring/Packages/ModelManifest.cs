using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Scoring.Images;
using AaClip.Scoring.Text;

namespace AaClip.Scoring.Packages;

/// <summary>The content of model.json: all that a package says of itself.</summary>
public sealed record ModelManifest
{
    /// <summary>File name inside a package.</summary>
    public const string FileName = "model.json";

    /// <summary>The newest format that this code reads.</summary>
    public const int CurrentSchema = 2;

    /// <summary>The format of packages of AA-CLIP; a package with another method has <see cref="CurrentSchema"/>.</summary>
    public const int FirstSchema = 1;

    private static readonly Dictionary<string, Calibration> NoCalibrations = [];

    /// <summary>Format of this file; a reader refuses a newer one.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>Name of the model, for example "aaclip-vitl".</summary>
    public required string Name { get; init; }

    /// <summary>Version of the model; name@version never changes its content.</summary>
    public required string Version { get; init; }

    /// <summary>Sizes of the towers.</summary>
    public required ModelArchitecture Architecture { get; init; }

    /// <summary>Where adapters sit, or null for plain CLIP.</summary>
    public AdapterDescription? Adapters { get; init; }

    /// <summary>How the package scores; null for AA-CLIP and plain CLIP. See <see cref="Method"/>.</summary>
    [JsonPropertyName("method")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Method? StoredMethod { get; init; }

    /// <summary>How the package scores.</summary>
    [JsonIgnore]
    public Method Method => StoredMethod ?? Method.AaClip;

    /// <summary>Non-linearity of the MLPs.</summary>
    public required Activation Activation { get; init; }

    /// <summary>How the image tower's weights are stored.</summary>
    public required Precision Precision { get; init; }

    /// <summary>What is done to an image before the model.</summary>
    public required Preprocessing Preprocessing { get; init; }

    /// <summary>Fingerprint of the prompts that anchors are made with.</summary>
    public required string Prompts { get; init; }

    /// <summary>Classes whose anchors the package carries; any other class gets them when it is first used.</summary>
    public IReadOnlyList<string> Classes
    {
        get;
        init => field = value ?? [];
    } = []; // the JSON reader sets absent members to null

    /// <summary>
    /// Score scales and thresholds by class name; "*" is for every other class. Empty for a model that was never calibrated.
    /// </summary>
    public IReadOnlyDictionary<string, Calibration> Calibrations
    {
        get;
        init => field = value ?? NoCalibrations;
    } = NoCalibrations;

    /// <summary>Every other file of the package by its name ("/" between folders).</summary>
    public required IReadOnlyDictionary<string, PackageFile> Files { get; init; }

    /// <summary>Where the weights came from.</summary>
    public required Provenance Provenance { get; init; }

    /// <summary>Name and version in one.</summary>
    [JsonIgnore]
    public ModelId Id => new(Name, Version);

    /// <summary>
    /// Hash of all that scores depend on before calibration, lower-case hexadecimal: for AA-CLIP that of image.weights; for other methods
    /// and for packages with own prompts also of method, prompts and fixed anchors. Null if no weights are listed.
    /// </summary>
    [JsonIgnore]
    public string? ScoresHash
    {
        get
        {
            string? weights = (
                Files.GetValueOrDefault(ModelPackage.ImageWeights) ?? Files.GetValueOrDefault(ModelPackage.ImageGraph)
            )?.Sha256;
            if (weights is null || (StoredMethod is null && !Files.ContainsKey(ModelPackage.Prompts)))
                return weights;
            string?[] parts =
            [
                weights,
                Prompts,
                StoredMethod is null ? null : JsonSerializer.Serialize(StoredMethod, PackageJson.Default.Method),
                Method.FixedAnchors ? Files.GetValueOrDefault(ModelPackage.Anchors)?.Sha256 : null,
            ];
            return TextHash.Hex(string.Join('\n', parts), 64);
        }
    }

    /// <summary>Whether a text can be the name or the version of a model: names of blobs and rows are made of them.</summary>
    /// <returns>True for 1 to 64 letters and digits of ASCII, '.', '_' and '-', with a letter or digit first.</returns>
    public static bool IsLabel(string text) =>
        text is { Length: > 0 and <= 64 }
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <exception cref="InvalidDataException">The name or the version is no <see cref="IsLabel">label</see>.</exception>
    internal static void RequireLabels(string name, string version, string path)
    {
        if (!IsLabel(name) || !IsLabel(version))
            throw new InvalidDataException(
                $"'{path}' has the name '{name}' and the version '{version}', expected letters, digits, '.', '_' "
                    + $"and '-', at most 64: import the model again."
            );
    }

    /// <exception cref="InvalidDataException">A file is listed without its size, or a needed one is not listed.</exception>
    internal static void RequireFiles(IReadOnlyDictionary<string, PackageFile> files, string path, params ReadOnlySpan<string> needed)
    {
        foreach ((string name, PackageFile? file) in files)
            if (file is null)
                throw new InvalidDataException($"'{path}' says nothing of '{name}', expected its bytes and sha256: the file is damaged.");
        foreach (string name in needed)
            if (!files.ContainsKey(name))
                throw new InvalidDataException($"'{path}' does not list '{name}': the package is incomplete; import it again.");
    }

    /// <summary>The scale for a class: its own, else the package's for all, else the neutral one.</summary>
    /// <param name="objectClass">As the user writes it; names that give the same prompts have the same scale
    /// (<see cref="ClassNames.Same"/>).</param>
    public Calibration CalibrationFor(string objectClass) =>
        Calibrations.FirstOrDefault(c => ClassNames.Same(c.Key, objectClass)).Value
        ?? Calibrations.GetValueOrDefault("*")
        ?? Method.Neutral(Architecture.Levels.Count);

    /// <summary>
    /// What to say where this package is calibrated, but not for the class; null where all is well or nothing is calibrated.
    /// </summary>
    public string? CalibrationGap(string objectClass) =>
        Calibrations.Count == 0 || !CalibrationFor(objectClass).IsNeutral
            ? null
            : $"Model {Id} has no calibration for '{objectClass}', only for "
                + $"{string.Join(", ", Calibrations.Keys.Take(8).Select(k => $"'{k}'"))}{(Calibrations.Count > 8 ? ", …" : "")}: "
                + "name the class as it is there, or calibrate it (aaclip calibrate).";
}

/// <summary>Where adapters sit in the towers (specification 2).</summary>
/// <param name="ImageBlocks">Image blocks, from the first, with an adapter.</param>
/// <param name="ImageShare">Weight of the image adapters in the mix, 0 to 1.</param>
/// <param name="TextBlocks">Text blocks, from the first, with an adapter; 0 without text adapters.</param>
/// <param name="TextShare">Weight of the text adapters in the mix, 0 to 1.</param>
/// <param name="Relu">Whether the image projections carry a LeakyReLU.</param>
public sealed record AdapterDescription(int ImageBlocks, double ImageShare, int TextBlocks, double TextShare, bool Relu);

/// <summary>Size and hash of a file in a package.</summary>
/// <param name="Bytes">Length.</param>
/// <param name="Sha256">SHA-256, lower-case hexadecimal.</param>
public sealed record PackageFile(long Bytes, string Sha256);

/// <summary>JSON of the package files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(ModelManifest))]
[JsonSerializable(typeof(CheckManifest))]
[JsonSerializable(typeof(Method))]
[JsonSerializable(typeof(Calibration))]
public sealed partial class PackageJson : JsonSerializerContext;
