using System.Text.Json;

namespace AaClip.Scoring.Text;

/// <summary>A class name that cannot stand in a prompt; the message says why.</summary>
public sealed class ClassNameException(string message) : ArgumentException(message);

/// <summary>From what a user calls an object to the words that stand in the prompts (specification 3.2).</summary>
public static class ClassNames
{
    /// <summary>Names nothing in particular; it is used literally, also behind a data set.</summary>
    public const string AnyObject = "object";

    private static readonly string[] Markers = [ClipVocabulary.StartMarker, ClipVocabulary.EndMarker];

    /// <summary>The published data sets with their classes, in the published order.</summary>
    public static IReadOnlyList<PublishedDataSet> DataSets { get; } = Read();

    /// <summary>All published classes as "data set/class", in the published order.</summary>
    public static IReadOnlyList<string> Published { get; } = [.. DataSets.SelectMany(d => d.Classes.Select(c => $"{d.Name}/{c.Class}"))];

    /// <summary>
    /// The words for a class: "MVTec/bottle" gives "dark bottle"; "bottle" and whatever else names no published data set stays as it is,
    /// but for "_", by which folders are named, and runs of blanks: each becomes one blank.
    /// </summary>
    /// <param name="className">What the user wrote; blanks around it do not count, nor does the case of a data set and its class.</param>
    /// <exception cref="ClassNameException">
    /// Empty, too long, with control characters or a marker of the tokenizer, or a published data set without such a class.
    /// </exception>
    public static string Resolve(string className)
    {
        string name = string.Concat(className.Trim().EnumerateRunes()); // half a surrogate pair becomes U+FFFD
        if (name.Length > ClipTokenizer.MaxCharacters / 2) // the other half is for the prompt around it
            throw new ClassNameException(
                $"The class name '{Printable(name)}' has {name.Length} characters: name the object in a few words."
            );
        if (name.FirstOrDefault(c => char.IsControl(c) || c == '\uFFFD', ' ') is var bad and not ' ')
            throw new ClassNameException(
                $"The class name '{Printable(name)}' has the character U+{(int)bad:X4}, a control character or what is left of a "
                    + $"badly decoded one: write it in one line of plain text."
            );
        string cleaned = ClipTokenizer.Clean(name);
        if (cleaned.Trim('_', ' ').Length == 0)
            throw new ClassNameException("The class name is empty: name the object, such as 'bottle', or write 'object'.");
        if (Markers.FirstOrDefault(m => cleaned.Contains(m, StringComparison.Ordinal)) is { } marker)
            throw new ClassNameException(
                $"The class name '{Printable(name)}' contains {marker}, which would begin or end a prompt in its middle: leave it out."
            );

        if (name.Split('/', 2) is not [var dataSet, var classOfSet] || Find(dataSet) is not { } published)
            return string.Join(' ', name.Replace('_', ' ').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (classOfSet.Equals(AnyObject, StringComparison.OrdinalIgnoreCase))
            return AnyObject;
        return published.Classes.FirstOrDefault(c => c.Class.Equals(classOfSet, StringComparison.OrdinalIgnoreCase))?.Name
            ?? throw new ClassNameException(
                $"The data set {published.Name} has no class '{classOfSet}'; its classes are "
                    + $"{string.Join(", ", published.Classes.Select(c => c.Class))}. Name an object of your own without "
                    + $"'{published.Name}/'."
            );
    }

    /// <summary>The name without a published data set in front of it, otherwise unchanged: "MVTec/metal_nut" gives "metal_nut".</summary>
    /// <exception cref="ClassNameException">As in <see cref="Resolve(string)"/>.</exception>
    public static string Raw(string className)
    {
        _ = Resolve(className); // throws for a name that cannot stand in a prompt
        string name = string.Join(' ', className.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return name.Split('/', 2) is [var dataSet, var classOfSet] && Find(dataSet) is not null ? classOfSet : name;
    }

    /// <summary>As <see cref="PromptPack.Resolve"/>, and checks that every prompt with the name fits the text encoder.</summary>
    /// <exception cref="ClassNameException">As there, or a prompt would have too many tokens.</exception>
    public static string Resolve(
        string className,
        ClipTokenizer tokenizer,
        PromptPack prompts,
        int contextLength = ClipTokenizer.DefaultContextLength
    )
    {
        string name = prompts.Resolve(className);
        (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = prompts.Sentences(name);
        int longest = normal.Concat(abnormal).Max(s => tokenizer.Encode(s).Length);
        if (longest > contextLength - 2)
            throw new ClassNameException(
                $"The class name '{MergeList.Shorten(name)}' has {tokenizer.Encode(name).Length} tokens, and a prompt with it "
                    + $"{longest}; the text encoder takes {contextLength - 2}: use a name that is {longest - contextLength + 2} "
                    + $"tokens shorter."
            );
        return name;
    }

    /// <summary>Whether two names give the same prompts; case does not count, for the text tower does not see it.</summary>
    public static bool Same(string? one, string? other)
    {
        if (string.Equals(one, other, StringComparison.OrdinalIgnoreCase))
            return true;
        try
        {
            return one is not null && other is not null && ClipTokenizer.Clean(Resolve(one)) == ClipTokenizer.Clean(Resolve(other));
        }
        catch (ClassNameException)
        {
            return false; // a name that cannot stand in a prompt
        }
    }

    private static PublishedDataSet? Find(string dataSet) =>
        DataSets.FirstOrDefault(d => d.Name.Equals(dataSet, StringComparison.OrdinalIgnoreCase));

    private static string Printable(string name) => string.Concat(MergeList.Shorten(name).Select(c => char.IsControl(c) ? '\uFFFD' : c));

    private static PublishedDataSet[] Read()
    {
        using Stream json = PromptEnsemble.Resource("class-names.json");
        return JsonSerializer.Deserialize(json, TextJson.Default.PublishedDataSetArray)!; // a resource of ours; the tests read it whole
    }
}
