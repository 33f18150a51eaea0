using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Scoring.Tiles;

namespace AaClip.Pipeline.Contracts;

/// <summary>The result of an image or file: result JSON version 1 (docs/schemas/result.schema.json).</summary>
public sealed record ResultDocument
{
    /// <summary>The version of the format that this program writes, and the newest that it reads.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Version of the format.</summary>
    public int SchemaVersion { get; init; } = CurrentSchema;

    /// <summary>The image that was scored.</summary>
    public required ImagePart Image { get; init; }

    /// <summary>The model that scored it.</summary>
    public required ModelPart Model { get; init; }

    /// <summary>Score and verdict; a failed image has the verdict only.</summary>
    public required ScorePart Score { get; init; }

    /// <summary>What the first model of a cascade said; null where the camera has none, and in results of jobs.</summary>
    public FirstPart? First { get; init; }

    /// <summary>Anomalous regions, highest peak first; null for a failed image.</summary>
    public IReadOnlyList<Region>? Regions { get; init; }

    /// <summary>Blob name in the heatmaps container, or path of a file; null if there is none.</summary>
    public string? Heatmap { get; init; }

    /// <summary>The stored raw map; null for a failed image, and for a file without one.</summary>
    public MapPart? Map { get; init; }

    /// <summary>
    /// The tiles that were scored, row by row; null for an image that was scored whole. With the map they are all that a judgement needs.
    /// </summary>
    public IReadOnlyList<Tile>? Tiles { get; init; }

    /// <summary>The good images that it was compared with, or why it was not; null if the camera has none.</summary>
    public ReferencesPart? References { get; init; }

    /// <summary>
    /// Whether a generator seems to have made the picture; null where the camera has no check, where it could not be asked, and in results
    /// of jobs.
    /// </summary>
    public GeneratedPart? Generated { get; init; }

    /// <summary>Duration of each step.</summary>
    public required TimingsPart Timings { get; init; }

    /// <summary>Why there is no score; null if there is one.</summary>
    public FailurePart? Failure { get; init; }

    /// <summary>When scoring was asked for; null in results of older programs, and for a file.</summary>
    public DateTimeOffset? EnqueuedAt { get; init; }

    /// <summary>ETag of the camera profiles that applied; null where there was no file of them.</summary>
    public string? Profile { get; init; }

    /// <summary>When the document was made.</summary>
    public required DateTimeOffset ScoredAt { get; init; }

    /// <summary>W3C trace context of the scoring.</summary>
    public string? Traceparent { get; init; }

    /// <summary>Rescoring job that sent the request; null for a new image.</summary>
    public string? Job { get; init; }

    /// <summary>Reads a result document.</summary>
    /// <param name="where">Name of the document in error messages.</param>
    /// <exception cref="InvalidDataException">The JSON is not a result, or a newer program wrote it.</exception>
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

/// <summary>The image of a result.</summary>
public sealed record ImagePart
{
    /// <summary>Blob name in the images container, or path of a file.</summary>
    public required string Name { get; init; }

    /// <summary>Version of the blob, without quotes; null for a file.</summary>
    [JsonPropertyName("etag")]
    public string? ETag { get; init; }

    /// <summary>Length of the file; 0 if unknown.</summary>
    public long Bytes { get; init; }

    /// <summary>Columns after the orientation tag is applied; 0 if the image could not be decoded.</summary>
    public int Width { get; init; }

    /// <summary>Rows after the orientation tag is applied; 0 if the image could not be decoded.</summary>
    public int Height { get; init; }

    /// <summary>Camera whose profile applied; null for a file.</summary>
    public string? Camera { get; init; }

    /// <summary>Name of the object's class, such as "bottle".</summary>
    public required string ObjectClass { get; init; }

    /// <summary>Time of the blob's last change; null if unknown.</summary>
    public DateTimeOffset? StoredAt { get; init; }

    /// <summary>When its content was stored; a change of metadata does not change it. Null if unknown.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>The part that the image shows: serial number or lot, see <see cref="PartName"/>; null if it is not known.</summary>
    public string? Part { get; init; }

    /// <summary>MD5 of the content, Base64; null if the uploader sent none.</summary>
    public string? Md5 { get; init; }

    /// <summary>Name and ETag of an image in storage.</summary>
    /// <exception cref="InvalidOperationException">It is a file.</exception>
    [JsonIgnore]
    public ImageVersion Version => new(Name, RequiredETag);

    /// <summary><see cref="ETag"/> of an image in storage.</summary>
    /// <exception cref="InvalidOperationException">It is a file.</exception>
    internal string RequiredETag => ETag ?? throw new InvalidOperationException($"The result of '{Name}' has no image.etag.");

    /// <summary><see cref="Camera"/> of an image in storage.</summary>
    /// <exception cref="InvalidOperationException">It is a file.</exception>
    internal string RequiredCamera => Camera ?? throw new InvalidOperationException($"The result of '{Name}' has no image.camera.");

    /// <summary>Identifies the content that was scored.</summary>
    [JsonIgnore]
    public ImageContent Content => new(Bytes, CreatedAt, Md5);
}

/// <summary>The model of a result, and the hardware that ran it.</summary>
/// <param name="Name">Name of the model package.</param>
/// <param name="Version">Version of the model package.</param>
/// <param name="Sha256">
/// Hash of all that scores depend on before calibration, lower-case hexadecimal: for AA-CLIP of image.weights; for other methods and
/// packages with own prompts also of these and of their anchors. Null if the package was not opened.
/// </param>
/// <param name="Precision">"fp32", "fp16" or "int8"; null if the package was not opened.</param>
/// <param name="Provider">"cpu", "cuda" or "tensorrt"; null if the model did not run.</param>
/// <param name="PackageSha256">
/// SHA-256 of the package's model.json (<see cref="ModelPackage.Hash"/>), which names the files it was made from and their training.
/// Null if the package was not opened, and in results of older programs.
/// </param>
public sealed record ModelPart(
    string Name,
    string Version,
    string? Sha256,
    string? Precision,
    string? Provider,
    string? PackageSha256 = null
)
{
    /// <summary>Name and version as one value.</summary>
    [JsonIgnore]
    public ModelId Id => new(Name, Version);

    /// <summary>The part of a result that describes this model package.</summary>
    /// <param name="provider">"cpu", "cuda" or "tensorrt"; null if the model did not run.</param>
    /// <param name="package">SHA-256 of its model.json.</param>
    public static ModelPart Of(ModelManifest manifest, string? provider, string package) =>
        new(manifest.Name, manifest.Version, manifest.ScoresHash, manifest.Precision.ToString().ToLowerInvariant(), provider, package);
}

/// <summary>Score and verdict of an image; all numbers are null if the verdict is failed.</summary>
/// <param name="Verdict">
/// Anomalous if raw reaches the threshold. Null for a file without a threshold; calibrated and threshold are then null too.
/// </param>
/// <param name="Detection">
/// The model's score of the whole image, about 0 to 1 (specification 4.2), unchanged; of an image in tiles, of the tile. Of an image that a
/// first model settled, the score of that model; likewise the largest value of its map.
/// </param>
/// <param name="MapMax">
/// Largest value of the final map (specification 4.2), outside of the ignore masks; of an image in tiles, inside of the tile.
/// </param>
/// <param name="Raw">
/// Both combined by the package's calibration: about 0 to 1, but an image outside of the calibrated range can go beyond.
/// </param>
/// <param name="Calibrated">0 to 1, where 0.5 is the threshold.</param>
/// <param name="Threshold">Raw scores at or above this are anomalous.</param>
/// <param name="Calibration">
/// "neutral" if the package has no calibration for the class; the scale is then generic, and the verdict is not reliable. Otherwise null.
/// </param>
/// <param name="Tile">
/// Index of the tile with the highest raw score, which is the image's score; null if the image was scored whole.
/// </param>
public sealed record ScorePart(
    Verdict? Verdict,
    float? Detection = null,
    float? MapMax = null,
    double? Raw = null,
    double? Calibrated = null,
    double? Threshold = null,
    string? Calibration = null,
    int? Tile = null
)
{
    /// <summary>The value of <see cref="Calibration"/> for a class without a calibration.</summary>
    public const string Neutral = "neutral";

    /// <summary><see cref="Verdict"/> of an image in storage.</summary>
    /// <exception cref="InvalidOperationException">There is no verdict; this can only be for a file.</exception>
    internal Verdict RequiredVerdict => Verdict ?? throw new InvalidOperationException("The result has no score.verdict.");
}

/// <summary>
/// The first model of a cascade on an image. Where it settled the image, score, regions, map and heatmap come from it, and the model of the
/// result has not seen the image.
/// </summary>
/// <param name="Model">"name@version".</param>
/// <param name="Settles">Images with a lower raw score of it are settled.</param>
/// <param name="Settled">Whether it settled the image.</param>
/// <param name="Raw">Its raw score, on the scale of its package; null if it has none.</param>
/// <param name="Failure">Why it was not asked, or gave no score; null if it gave one.</param>
public sealed record FirstPart(string Model, double Settles, bool Settled, double? Raw = null, string? Failure = null);

/// <summary>A stored raw map of [side, side] pixels, before smoothing and masks: value = offset + scale · pixel.</summary>
/// <param name="Blob">Blob name in the maps container, or path of a file.</param>
/// <param name="Side">Patches along one side; of an image in tiles, of the merged map.</param>
/// <param name="Size">
/// Pixels along one side of the model's input; the map's maximum is taken at this size. Of an image in tiles, a whole number of pixels for
/// each patch, as many as in the model's input if the map is not too large.
/// </param>
/// <param name="Scale">Step between stored values.</param>
/// <param name="Offset">Value stored as 0.</param>
/// <param name="Domain">"industrial" or "medical"; it selects the smoothing.</param>
/// <param name="Threshold">
/// Map values at or above this are anomalous; <see cref="Regions.Level"/> can set another level for regions.
/// </param>
/// <param name="Low">Values at or below this leave the heatmap's photo unchanged; null in results of older programs.</param>
/// <param name="High">Values at or above this have the heatmap's strongest colour; null in results of older programs.</param>
/// <param name="Level">The value at the border of the regions; null in results of older programs.</param>
/// <param name="Steps">How the final map is made of the stored one; null for AA-CLIP's steps.</param>
public sealed record MapPart(
    string Blob,
    int Side,
    int Size,
    float Scale,
    float Offset,
    Domain Domain,
    float Threshold,
    float? Low = null,
    float? High = null,
    float? Level = null,
    MapSteps? Steps = null
)
{
    /// <summary>A stored map, without thresholds.</summary>
    /// <param name="map">The model's map.</param>
    /// <param name="stored">Its values as they are stored.</param>
    /// <param name="blob">Where.</param>
    public static MapPart Of(AnomalyMap map, QuantizedMap stored, string blob) =>
        new(blob, map.Side, map.Size, stored.Scale, stored.Offset, map.Domain, 0)
        {
            Steps = map.Steps == MapSteps.AaClip ? null : map.Steps,
        };

    /// <summary>This map, with the scale of a heatmap.</summary>
    public MapPart With(HeatmapOptions scale) =>
        this with
        {
            Threshold = scale.Threshold,
            Low = scale.Low,
            High = scale.High,
            Level = scale.ContourLevel,
        };
}

/// <summary>The good images that an image was compared with.</summary>
/// <param name="Sha256">SHA-256 of the file with their patches, lower-case hexadecimal; null if they were not used.</param>
/// <param name="Images">How many; null if they were not used.</param>
/// <param name="Calibration">
/// Scale and thresholds of the scores, which belong to the references and take the place of the package's; null if they were not used.
/// </param>
/// <param name="Unused">
/// Why the camera's references were not used: "model", "class" or "tiles" if they were made with another one, "damaged", or "package" if
/// the model's package is too old. Null if they were.
/// </param>
public sealed record ReferencesPart(string? Sha256 = null, int? Images = null, Calibration? Calibration = null, string? Unused = null)
{
    /// <summary>The part of a result of an image that was compared.</summary>
    public static ReferencesPart Of(ReferencePatches patches) => new(patches.Sha256, patches.Images, patches.Calibration);
}

/// <summary>Milliseconds of each step; null for a step that did not run.</summary>
/// <param name="Queue">From sending the request to the start of the first step.</param>
/// <param name="Download">Reading the image.</param>
/// <param name="Decode">Decoding the image.</param>
/// <param name="Infer">Waiting for the model and running it.</param>
/// <param name="Write">Drawing and storing heatmap and map; the time to store the result itself is not included.</param>
public sealed record TimingsPart(
    double? Queue = null,
    double? Download = null,
    double? Decode = null,
    double? Infer = null,
    double? Write = null
);

/// <summary>Why an image has no score.</summary>
/// <param name="Code">Machine-readable reason, see <see cref="FailureCodes"/>.</param>
/// <param name="Message">Readable reason: what was found, and what to do.</param>
public sealed record FailurePart(string Code, string Message);
