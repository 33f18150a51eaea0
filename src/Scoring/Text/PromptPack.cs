using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Scoring.Text;

/// <summary>
/// The prompts of a package, as data (docs/methods.md, "Prompt packs"): an ensemble for all classes, and others for some of them. A package
/// without a pack has the prompts of AA-CLIP.
/// </summary>
public sealed record PromptPack
{
    /// <summary>AA-CLIP's prompts for every class.</summary>
    public static PromptPack Default { get; } = new() { Ensemble = PromptEnsemble.Default };

    /// <summary>The prompts of a class that has none of its own.</summary>
    [JsonPropertyName("default")]
    public required PromptEnsemble Ensemble { get; init; }

    /// <summary>Prompts of single classes.</summary>
    public IReadOnlyList<ClassPrompts> Classes
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>
    /// Whether the features of the sentences are averaged as they are (AnoVL). Otherwise each is normalised first (AA-CLIP).
    /// </summary>
    public bool MeanOfRaw { get; init; }

    /// <summary>
    /// Whether class names stand in the prompts as they are, "MVTec/metal_nut" as "metal_nut" (AnoVL). Otherwise they are resolved as in
    /// AA-CLIP (<see cref="ClassNames.Resolve(string)"/>).
    /// </summary>
    public bool RawNames { get; init; }

    /// <summary>SHA-256 of everything that anchors depend on, as 64 hex digits.</summary>
    [JsonIgnore]
    public string Fingerprint =>
        this == Default
            ? Ensemble.Fingerprint // as in packages without a pack
            : TextHash.Hex(
                string.Join(
                    '\n',
                    [
                        Ensemble.Fingerprint,
                        MeanOfRaw ? "raw" : "unit",
                        RawNames ? "raw" : "resolved",
                        .. Classes.SelectMany(c =>
                            new[] { string.Join(',', c.Names), c.Called ?? "", (c.Prompts ?? Ensemble).Fingerprint }
                        ),
                    ]
                )
            );

    /// <summary>The key of a class's anchors: equal for names that give the same prompts.</summary>
    /// <param name="className">As the user writes it.</param>
    /// <exception cref="ClassNameException">The name cannot stand in a prompt.</exception>
    public string Resolve(string className) => RawNames ? ClassNames.Raw(className) : ClassNames.Resolve(className);

    /// <summary>The sentences for a class.</summary>
    /// <param name="name">The result of <see cref="Resolve"/>.</param>
    public (IReadOnlyList<string> Normal, IReadOnlyList<string> Abnormal) Sentences(string name)
    {
        ClassPrompts? own = Classes.FirstOrDefault(c => c.Names.Any(n => ClassNames.Same(n, name)));
        return (own?.Prompts ?? Ensemble).Sentences(own?.Called ?? name);
    }

    /// <summary>This pack as UTF-8 JSON, as <see cref="FromJson"/> reads it.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, TextJson.Default.PromptPack);

    /// <summary>Reads a pack from JSON.</summary>
    /// <param name="json">UTF-8 text.</param>
    /// <param name="source">The file's name in messages.</param>
    /// <exception cref="InvalidDataException">A member is missing or unknown, a list is empty, or a text lacks "{}".</exception>
    public static PromptPack FromJson(byte[] json, string source)
    {
        PromptPack pack;
        try
        {
            pack = JsonSerializer.Deserialize(json, TextJson.Default.PromptPack) ?? throw new JsonException("it holds null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"'{source}' is no prompt pack, an object with 'default' and 'classes' ({e.Message}): see "
                    + "docs/schemas/prompts.schema.json.",
                e
            );
        }

        pack.Ensemble.Check(source);
        foreach (ClassPrompts? own in pack.Classes)
        {
            if (own is null || own.Names.Count == 0 || own.Names.Any(string.IsNullOrWhiteSpace))
                throw new InvalidDataException($"'{source}' has an entry of 'classes' without names: name at least one class.");
            own.Prompts?.Check($"{source}, class '{own.Names[0]}'");
        }

        return pack;
    }
}

/// <summary>Prompts of some classes.</summary>
/// <param name="Names">Class names, as <see cref="ClassNames.Same"/> compares them.</param>
/// <param name="Prompts">Their prompts; null for those of all classes.</param>
/// <param name="Called">What the prompts call the object; null for the class name.</param>
public sealed record ClassPrompts(IReadOnlyList<string> Names, PromptEnsemble? Prompts = null, string? Called = null);
