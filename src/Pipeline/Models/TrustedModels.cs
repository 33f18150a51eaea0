using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Models;

/// <summary>Which packages workers may use at all: models/trusted.json. Without the file they may use any.</summary>
public sealed record TrustedModels
{
    /// <summary>The version of the format that this program writes, and the newest that it reads.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Version of the format; a newer one is rejected, because its fields may have another meaning.</summary>
    public int SchemaVersion
    {
        get;
        init =>
            field =
                value <= CurrentSchema
                    ? value
                    : throw new JsonException($"It has schemaVersion {value}; this program reads up to {CurrentSchema}: update it.");
    } = CurrentSchema;

    /// <summary>The packages; empty for none.</summary>
    public required IReadOnlyList<TrustedModel> Models { get; init; }

    /// <summary>Unknown fields, from a newer program with the same version of the format; they are kept.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>A package that workers may use.</summary>
/// <param name="Model">"name@version", for people; the hash alone decides.</param>
/// <param name="Sha256">SHA-256 of its model.json, lower-case hexadecimal.</param>
/// <param name="At">When it was added; null if it was written by hand.</param>
/// <param name="Who">Name of the person; null likewise.</param>
public sealed record TrustedModel(string Model, string Sha256, DateTimeOffset? At = null, string? Who = null);

/// <summary>JSON of the allow-list.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true
)]
[JsonSerializable(typeof(TrustedModels))]
internal sealed partial class TrustJson : JsonSerializerContext;

/// <summary>JSON of an entry, on one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TrustedModel))]
public sealed partial class TrustedModelJson : JsonSerializerContext;
