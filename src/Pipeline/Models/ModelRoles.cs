using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Models;

/// <summary>Which models are in use: config/models.json. Without the file the package at Model__Path is the live one.</summary>
public sealed record ModelRoles
{
    /// <summary>The format that this program writes, and the newest that it reads.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Version of the format; a newer one is refused, for its fields may mean something else.</summary>
    public int SchemaVersion
    {
        get;
        init =>
            field =
                value <= CurrentSchema
                    ? value
                    : throw new JsonException($"It has schemaVersion {value}; this program reads up to {CurrentSchema}: update it.");
    } = CurrentSchema;

    /// <summary>"name@version" of the live model, in the models container; null takes the package at Model__Path.</summary>
    public string? Live { get; init; }

    /// <summary>When it became live.</summary>
    public DateTimeOffset? PromotedAt { get; init; }

    /// <summary>Those that were live before, newest first; null stands for the package at Model__Path.</summary>
    public IReadOnlyList<string?> Before { get; set; } = []; // not init, for a file that leaves it out

    /// <summary>A second model that scores a share of new images without alerts; null for none.</summary>
    public Shadow? Shadow { get; init; }

    /// <summary>What a newer program of the same version has added: kept.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>A model that scores along.</summary>
/// <param name="Model">"name@version".</param>
/// <param name="Share">Share of new images, above 0 to 1. Whether an image is among them depends on its name and version alone.</param>
/// <param name="Since">When it began.</param>
public sealed record Shadow(string Model, double Share, DateTimeOffset Since);

/// <summary>JSON of the models' roles.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    WriteIndented = true
)]
[JsonSerializable(typeof(ModelRoles))]
internal sealed partial class ModelJson : JsonSerializerContext;
