namespace AaClip.Scoring.Packages;

/// <summary>
/// Names a model package: "name@version", as requests, results and blob names carry it. What is published under an id never changes.
/// </summary>
/// <param name="Name">For example "aaclip-vitl".</param>
/// <param name="Version">For example "3f2a91bc".</param>
public readonly record struct ModelId(string Name, string Version)
{
    private const char Separator = '@';

    /// <summary>Folder of the package in the models container: "name/version".</summary>
    public string Folder => $"{Name}/{Version}";

    /// <summary>Where text is stored, sent or compared.</summary>
    public static implicit operator string(ModelId id) => id.ToString();

    /// <summary>Reads an id that a package can have.</summary>
    /// <exception cref="ArgumentException">
    /// The text is not two labels (<see cref="ModelManifest.IsLabel"/>) with one "@" between them.
    /// </exception>
    public static ModelId Parse(string text) =>
        TryParse(text, out ModelId id) ? id : throw new ArgumentException($"'{text}' is no model: expected name@version.");

    /// <summary>As <see cref="Parse"/>, without an exception.</summary>
    /// <returns>Whether the text is an id that a package can have.</returns>
    public static bool TryParse(string? text, out ModelId id) =>
        TrySplit(text, out id) && ModelManifest.IsLabel(id.Name) && ModelManifest.IsLabel(id.Version);

    /// <summary>
    /// Divides a text at its first "@" without a look at the characters: a result can name a model that no package can be.
    /// </summary>
    /// <returns>Whether something stands before the "@" and something after it.</returns>
    public static bool TrySplit(string? text, out ModelId id)
    {
        id = text?.Split(Separator, 2) is [{ Length: > 0 } name, { Length: > 0 } version] ? new ModelId(name, version) : default;
        return id != default;
    }

    /// <returns>"name@version".</returns>
    public override string ToString() => $"{Name}{Separator}{Version}";
}
