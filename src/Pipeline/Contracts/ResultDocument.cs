using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Pipeline.Contracts;

/// <summary>What is known of a scored image or file: result JSON version 1 (docs/schemas/result.schema.json).</summary>
public sealed record ResultDocument
{
    /// <summary>The format that this program writes, and the newest that it reads.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Version of the format.</summary>
    public int SchemaVersion { get; init; } = CurrentSchema;

    /// <summary>The image.</summary>
    public required ImagePart Image { get; init; }

    /// <summary>The model.</summary>
    public required ModelPart Model { get; init; }

    /// <summary>The score; of a failed image the verdict alone.</summary>
    public required ScorePart Score { get; init; }

    /// <summary>Where it looks wrong, highest peak first; null for a failed image.</summary>
    public IReadOnlyList<Region>? Regions { get; init; }

    /// <summary>Blob name in the heatmaps container, or path of a file; null when there is none.</summary>
    public string? Heatmap { get; init; }

    /// <summary>The stored raw map; null for a failed image, and for a file when there is none.</summary>
    public MapPart? Map { get; init; }

    /// <summary>How long the steps took.</summary>
    public required TimingsPart Timings { get; init; }

    /// <summary>Why there is no score; null when there is one.</summary>
    public FailurePart? Failure { get; init; }

    /// <summary>When scoring was asked for; null in results of older programs, and for a file.</summary>
    public DateTimeOffset? EnqueuedAt { get; init; }

    /// <summary>ETag of the camera profiles that applied; null where there was no file of them.</summary>
    public string? Profile { get; init; }

    /// <summary>When the document was made.</summary>
    public required DateTimeOffset ScoredAt { get; init; }

    /// <summary>W3C trace context of the scoring.</summary>
    public string? Traceparent { get; init; }

    /// <summary>Rescoring job that asked; null for a new image.</summary>
    public string? Job { get; init; }

    /// <summary>Reads a result document.</summary>
    /// <param name="where">What to call it in messages.</param>
    /// <exception cref="InvalidDataException">It is no result, or from a newer program.</exception>
    public static ResultDocument Parse(ReadOnlySpan<byte> json, string where)
    {
        try
        {
            ResultDocument result =
                JsonSerializer.Deserialize(json, ResultJson.Default.ResultDocument) ?? throw new JsonException("It is null.");
            return result.SchemaVersion <= CurrentSchema
                ? result
                : throw new InvalidDataException(
                    $"The result {where} has schemaVersion {result.SchemaVersion}; this program reads up to {CurrentSchema}: update it."
                );
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{where} is not a result document: {e.Message}", e);
        }
    }
}

/// <summary>An image.</summary>
public sealed record ImagePart
{
    /// <summary>Blob name in the images container, or path of a file.</summary>
    public required string Name { get; init; }

    /// <summary>Version of the blob, without quotes; null for a file.</summary>
    [JsonPropertyName("etag")]
    public string? ETag { get; init; }

    /// <summary>Length of the file; 0 where it is not known.</summary>
    public long Bytes { get; init; }

    /// <summary>Columns as seen; 0 where the image could not be decoded.</summary>
    public int Width { get; init; }

    /// <summary>Rows as seen; 0 where the image could not be decoded.</summary>
    public int Height { get; init; }

    /// <summary>Camera whose profile applied; null for a file.</summary>
    public string? Camera { get; init; }

    /// <summary>What the object is called.</summary>
    public required string ObjectClass { get; init; }

    /// <summary>When the image was stored; null where it is not known.</summary>
    public DateTimeOffset? StoredAt { get; init; }

    /// <summary>When its content was stored, which a change of metadata leaves as it is; null where it is not known.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>MD5 of the content that storage keeps, Base64; null where the uploader gave none.</summary>
    public string? Md5 { get; init; }

    /// <summary>Name and ETag in one, of an image in storage.</summary>
    /// <exception cref="InvalidOperationException">It is a file.</exception>
    [JsonIgnore]
    public ImageVersion Version => new(Name, RequiredETag);

    /// <summary><see cref="ETag"/> of an image in storage.</summary>
    /// <exception cref="InvalidOperationException">It is a file.</exception>
    internal string RequiredETag => ETag ?? throw new InvalidOperationException($"The result of '{Name}' has no image.etag.");

    /// <summary><see cref="Camera"/> of an image in storage.</summary>
    /// <exception cref="InvalidOperationException">It is a file.</exception>
    internal string RequiredCamera => Camera ?? throw new InvalidOperationException($"The result of '{Name}' has no image.camera.");

    /// <summary>As storage tells of its content.</summary>
    [JsonIgnore]
    public ImageContent Content => new(Bytes, CreatedAt, Md5);
}

/// <summary>A model, and what ran it.</summary>
/// <param name="Name">Name.</param>
/// <param name="Version">Version.</param>
/// <param name="Sha256">Hash of image.weights, lower-case hexadecimal; null where the package was not opened.</param>
/// <param name="Precision">"fp32", "fp16", "int8"; null where the package was not opened.</param>
/// <param name="Provider">"cpu" or "cuda"; null where nothing ran.</param>
public sealed record ModelPart(string Name, string Version, string? Sha256, string? Precision, string? Provider)
{
    /// <summary>Name and version in one.</summary>
    [JsonIgnore]
    public ModelId Id => new(Name, Version);

    /// <summary>What results say of a model package.</summary>
    /// <param name="provider">"cpu" or "cuda"; null where nothing ran.</param>
    public static ModelPart Of(ModelManifest manifest, string? provider) =>
        new(
            manifest.Name,
            manifest.Version,
            (
                manifest.Files.GetValueOrDefault(ModelPackage.ImageWeights) ?? manifest.Files.GetValueOrDefault(ModelPackage.ImageGraph)
            )?.Sha256,
            manifest.Precision.ToString().ToLowerInvariant(),
            provider
        );
}

/// <summary>A score; all numbers are null when the verdict is failed.</summary>
/// <param name="Verdict">
/// Anomalous where raw reaches the threshold; null, with calibrated and threshold, for a file where nothing gives a threshold.
/// </param>
/// <param name="Detection">Score of the whole image, about 0 to 1 (specification 4.2), untouched.</param>
/// <param name="MapMax">Largest value of the final map (specification 4.2); with ignore masks, of what they leave.</param>
/// <param name="Raw">Both combined by the package's calibration: about 0 to 1, and beyond where an image leaves the calibrated
/// range.</param>
/// <param name="Calibrated">0 to 1, where 0.5 is the threshold.</param>
/// <param name="Threshold">Raw scores from here on are anomalous.</param>
/// <param name="Calibration">
/// "neutral" where the package has no calibration for the class, so that the scale fits no class in particular and the verdict says little;
/// else null.
/// </param>
public sealed record ScorePart(
    Verdict? Verdict,
    float? Detection = null,
    float? MapMax = null,
    double? Raw = null,
    double? Calibrated = null,
    double? Threshold = null,
    string? Calibration = null
)
{
    /// <summary>The word for <see cref="Calibration"/>.</summary>
    public const string Neutral = "neutral";

    /// <summary><see cref="Verdict"/> of an image in storage.</summary>
    /// <exception cref="InvalidOperationException">No verdict was given, as only for a file.</exception>
    internal Verdict RequiredVerdict => Verdict ?? throw new InvalidOperationException("The result has no score.verdict.");
}

/// <summary>A stored raw map: value = offset + scale · pixel, side × side, before smoothing and without masks.</summary>
/// <param name="Blob">Blob name in the maps container, or path of a file.</param>
/// <param name="Side">Patches along a side.</param>
/// <param name="Size">Pixels along a side of the model's input, at which the maximum is taken.</param>
/// <param name="Scale">Step between stored values.</param>
/// <param name="Offset">Value stored as 0.</param>
/// <param name="Domain">"industrial" or "medical": the smoothing that belongs to it.</param>
/// <param name="Threshold">Map values from here on are anomalous; regions begin elsewhere where <see cref="Regions.Level"/> says
/// so.</param>
public sealed record MapPart(string Blob, int Side, int Size, float Scale, float Offset, Domain Domain, float Threshold);

/// <summary>Milliseconds of the steps; null where a step was not reached.</summary>
/// <param name="Queue">From sending the request to its first step.</param>
/// <param name="Download">Reading the image.</param>
/// <param name="Decode">Decoding it.</param>
/// <param name="Infer">Waiting for the model and running it.</param>
/// <param name="Write">Drawing and storing heatmap and map; the result itself cannot know how long it takes.</param>
public sealed record TimingsPart(
    double? Queue = null,
    double? Download = null,
    double? Decode = null,
    double? Infer = null,
    double? Write = null
);

/// <summary>Why an image has no score.</summary>
/// <param name="Code">For programs: see <see cref="FailureCodes"/>.</param>
/// <param name="Message">For people: what was found, and what to do.</param>
public sealed record FailurePart(string Code, string Message);
