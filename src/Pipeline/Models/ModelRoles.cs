using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Models;

/// <summary>Which models are in use: config/models.json. Without the file the package at Model__Path is the live one.</summary>
public sealed record ModelRoles
{
    /// <summary>The version of the format that this program writes, and the newest that it reads.</summary>
    public const int CurrentSchema = 1;

    private static readonly Dictionary<string, string> NoPins = [];

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

    /// <summary>"name@version" of the live model, in the models container; null takes the package at Model__Path.</summary>
    public string? Live { get; init; }

    /// <summary>When it became live.</summary>
    public DateTimeOffset? PromotedAt { get; init; }

    /// <summary>Models that were live before, newest first; null is the package at Model__Path.</summary>
    public IReadOnlyList<string?> Before { get; set; } = []; // set, not init: a file may leave it out

    /// <summary>Who made which model live, newest first, at most 20; what older programs promoted is not in it.</summary>
    public IReadOnlyList<Promotion> Promotions { get; set; } = []; // set, not init: a file may leave it out

    /// <summary>A second model that scores a share of new images without alerts; null for none.</summary>
    public Shadow? Shadow { get; init; }

    /// <summary>
    /// Whether a result tells the live model where none was promoted, and only the workers know theirs: no job asked for it, and the shadow
    /// did not make it.
    /// </summary>
    /// <param name="model">"name@version" of the result.</param>
    /// <param name="job">Job of the result; null for none.</param>
    public bool TellsLive(string model, string? job) => job is null && model != Shadow?.Model;

    /// <summary>
    /// SHA-256 of model.json by "name@version", for the live model, the shadow and those that were live before: a package of this id with
    /// another model.json is refused. What older programs promoted is not in it, and not refused.
    /// </summary>
    public IReadOnlyDictionary<string, string> Pins { get; set; } = NoPins; // set, not init: a file may leave it out

    /// <summary>These roles with the pin of a model, and without those of models that have no role.</summary>
    /// <param name="model">"name@version"; null for the package at Model__Path, which has no pin.</param>
    /// <param name="sha256">SHA-256 of its model.json, lower-case hexadecimal; null keeps the pin that is there.</param>
    internal ModelRoles Pinned(string? model, string? sha256)
    {
        SortedDictionary<string, string> pins = new(Pins.ToDictionary(), StringComparer.Ordinal);
        if (model is not null && sha256 is not null)
            pins[model] = sha256;
        HashSet<string?> named = [Live, Shadow?.Model, .. Before];
        foreach (string id in Pins.Keys.Where(k => !named.Contains(k)))
            pins.Remove(id);
        return pins.SequenceEqual(Pins) ? this : this with { Pins = pins };
    }

    /// <summary>Unknown fields, from a newer program with the same version of the format; they are kept.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>A model became live.</summary>
/// <param name="Model">"name@version"; null is the package at Model__Path.</param>
/// <param name="At">When.</param>
/// <param name="Who">Name of the person.</param>
/// <param name="Scan">What the scan of the package says, or that it was promoted without one; null in what older programs wrote.</param>
public sealed record Promotion(string? Model, DateTimeOffset At, string? Who, string? Scan = null);

/// <summary>A second model that also scores new images, without alerts.</summary>
/// <param name="Model">"name@version".</param>
/// <param name="Share">
/// Share of new images that it scores, above 0 to 1. Whether it scores an image depends only on the image's name and version.
/// </param>
/// <param name="Since">When it became the shadow.</param>
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
