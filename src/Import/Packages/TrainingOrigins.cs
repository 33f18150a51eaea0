using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Scoring.Packages;

namespace AaClip.Import.Packages;

/// <summary>Reads what a training recorded beside its checkpoints, and says what is known of a package's origin.</summary>
public static class TrainingOrigins
{
    /// <summary>Name of the record in the folder of a training.</summary>
    public const string FileName = "training.json";

    private const long MaxBytes = 1 << 20;

    /// <summary>Reads the record beside a checkpoint.</summary>
    /// <param name="checkpoint">Path of a file of the checkpoint; null if there is none.</param>
    /// <returns>Null if there is no record, or if another program wrote it.</returns>
    public static TrainingOrigin? Beside(string? checkpoint)
    {
        if (checkpoint is null)
            return null;
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(checkpoint)) ?? ".", FileName);
        if (!File.Exists(path) || new FileInfo(path).Length > MaxBytes)
            return null;
        byte[] text = File.ReadAllBytes(path);
        try
        {
            return JsonSerializer.Deserialize(text, OriginJson.Default.TrainingFile) is { } found
                ? new TrainingOrigin(
                    PackageFolder.HashOf(text),
                    found.Clip,
                    found.ClipSha256,
                    found.Data,
                    found.Images,
                    found.ImagesSha256,
                    found.Options.Seed
                )
                : null;
        }
        catch (JsonException)
        {
            return null; // of another program, which happens to have the name
        }
    }

    /// <summary>One line for each part of a package, CLIP first: what is known of its origin.</summary>
    /// <param name="known">The files that count as known.</param>
    public static IEnumerable<(string Part, string Origin)> Describe(Provenance provenance, KnownFiles known)
    {
        foreach ((string role, ProvenanceFile file) in provenance.Sources)
            if (role.StartsWith("clip/", StringComparison.Ordinal))
                yield return (
                    "CLIP",
                    known.TitleOf(file.Sha256) is { } title ? $"{title} ({file.Name})" : $"{file.Name}: not a file known to this program"
                );
        if (provenance.HashOf("adapters") is not null)
            yield return ("adapters", OriginOf(provenance));
        if (provenance.HashOf("prompts") is not null)
            yield return ("learned prompts", OriginOf(provenance));
    }

    private static string OriginOf(Provenance provenance)
    {
        if (provenance.Training is not { } training)
            return $"origin unknown: no {FileName} lay beside them";
        string made = FormattableString.Invariant(
            $"trained here from {training.Images} images of {training.Data} (list {training.ImagesSha256[..8]}, seed {training.Seed})"
        );
        return training.ClipSha256 is null ? $"{made}; an older program did not record the hash of {training.Clip}"
            : training.ClipSha256 == provenance.HashOf("clip") ? made
            : $"{made}, but on another CLIP file, {training.Clip} with SHA-256 {training.ClipSha256}";
    }
}

/// <summary>What the records of all trainings have in common.</summary>
internal sealed record TrainingFile
{
    public required string Clip { get; init; }

    public string? ClipSha256 { get; init; }

    public required string Data { get; init; }

    public required int Images { get; init; }

    [JsonConverter(typeof(HashConverter))]
    public required string ImagesSha256 { get; init; }

    public required SeedOption Options { get; init; }
}

/// <summary>The options of a training.</summary>
internal sealed record SeedOption
{
    public required int Seed { get; init; }
}

/// <summary>Reads a SHA-256 in lower-case hexadecimal.</summary>
internal sealed class HashConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: 64 } text && text.All(char.IsAsciiHexDigitLower)
            ? text
            : throw new JsonException("It is no SHA-256.");

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TrainingFile))]
internal sealed partial class OriginJson : JsonSerializerContext;
