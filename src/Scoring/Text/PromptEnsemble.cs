using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Scoring.Text;

/// <summary>
/// The sentences that describe a normal and an abnormal object: the object's name is inserted into each state, and each state into each
/// template (AA-CLIP, arXiv 2503.06661; specification 3.1). Grammar is not corrected: the model was trained with sentences such as "a photo
/// of a a black zipper.".
/// </summary>
public sealed record PromptEnsemble
{
    private const string Slot = "{}";

    /// <summary>The published prompts: 6 normal and 10 abnormal sentences.</summary>
    public static PromptEnsemble Default { get; } = FromResource();

    /// <summary>States of a normal object, such as "a {}".</summary>
    [JsonPropertyName("normal")]
    public required IReadOnlyList<string> NormalStates { get; init; }

    /// <summary>States of an abnormal object, such as "a {} with flaw".</summary>
    [JsonPropertyName("abnormal")]
    public required IReadOnlyList<string> AbnormalStates { get; init; }

    /// <summary>Sentences into which a state is inserted, such as "a photo of {}.".</summary>
    public required IReadOnlyList<string> Templates { get; init; }

    /// <summary>
    /// SHA-256 of all texts in order, as 64 hex digits. It is part of the cache key of text features. The layout of the JSON does not
    /// change it.
    /// </summary>
    [JsonIgnore]
    public string Fingerprint
    {
        get
        {
            string content = string.Join('\n', ["normal", .. NormalStates, "abnormal", .. AbnormalStates, "templates", .. Templates]);
            return TextHash.Hex(content);
        }
    }

    /// <summary>Reads prompts from a JSON object with the lists "normal", "abnormal" and "templates".</summary>
    /// <param name="json">UTF-8 text.</param>
    /// <param name="source">The file's name in messages.</param>
    /// <exception cref="InvalidDataException">A list is missing or empty, or a text does not contain "{}" exactly once.</exception>
    public static PromptEnsemble FromJson(Stream json, string source)
    {
        PromptEnsemble prompts;
        try
        {
            prompts = JsonSerializer.Deserialize(json, TextJson.Default.PromptEnsemble) ?? throw new JsonException("it holds null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"'{source}' does not hold prompts, an object with the lists 'normal', 'abnormal' and 'templates' ({e.Message}).",
                e
            );
        }

        prompts.Check(source);
        return prompts;
    }

    /// <summary>Throws if a list is empty, or a text does not contain "{}" exactly once.</summary>
    /// <param name="source">The file's name in messages.</param>
    /// <exception cref="InvalidDataException">See above.</exception>
    internal void Check(string source)
    {
        Check(NormalStates, "normal", source);
        Check(AbnormalStates, "abnormal", source);
        Check(Templates, "templates", source);
    }

    /// <summary>The sentences for one object: all templates for the first state, then for the next state.</summary>
    /// <param name="name">The name as used in sentences, such as "dark bottle"; see <see cref="ClassNames.Resolve(string)"/>.</param>
    public (IReadOnlyList<string> Normal, IReadOnlyList<string> Abnormal) Sentences(string name)
    {
        return (Fill(NormalStates), Fill(AbnormalStates));

        string[] Fill(IReadOnlyList<string> states) =>
            [
                .. from state in states
                let described = state.Replace(Slot, name, StringComparison.Ordinal)
                from template in Templates
                select template.Replace(Slot, described, StringComparison.Ordinal),
            ];
    }

    private static PromptEnsemble FromResource()
    {
        using Stream json = Resource("prompts.json");
        return FromJson(json, "prompts.json");
    }

    /// <summary>Opens a JSON file of this folder; it is embedded in the assembly.</summary>
    internal static Stream Resource(string name)
    {
        Assembly assembly = typeof(PromptEnsemble).Assembly;
        string full = assembly.GetManifestResourceNames().Single(n => n.EndsWith($".Text.{name}", StringComparison.Ordinal));
        return assembly.GetManifestResourceStream(full)!; // the name is from the assembly's own list
    }

    private static void Check(IReadOnlyList<string> texts, string list, string source)
    {
        if (texts.Count == 0)
            throw new InvalidDataException($"The list '{list}' in '{source}' is empty: give at least one text with '{Slot}'.");
        foreach (string text in texts)
            if (text is null || text.Split(Slot).Length != 2 || text.Any(char.IsControl))
                throw new InvalidDataException(
                    $"The list '{list}' in '{source}' has the entry '{text}': expected one line with '{Slot}' once, where the name goes."
                );
    }
}
