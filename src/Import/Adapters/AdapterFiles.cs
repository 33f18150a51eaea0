using System.Globalization;

namespace AaClip.Import.Adapters;

/// <summary>The files of a training folder that are used.</summary>
/// <param name="Image">image_adapter_N.pth or image_adapter.pth.</param>
/// <param name="Text">text_adapter.pth; null if the text tower was not trained.</param>
/// <param name="Choice">Why these files were chosen, for the log.</param>
internal sealed record AdapterFiles(string Image, string? Text, string Choice)
{
    private const string Latest = "image_adapter.pth";
    private const string NumberedPrefix = "image_adapter_";
    private const string NumberedSuffix = ".pth";
    private const string TextName = "text_adapter.pth";

    /// <summary>
    /// Selects the image adapters: the given epoch if any, otherwise the highest numbered file, otherwise the unnumbered file, which is the
    /// latest epoch.
    /// </summary>
    /// <exception cref="InvalidDataException">There are no image adapters.</exception>
    public static AdapterFiles Find(string folder, int? epoch)
    {
        SortedDictionary<int, string> numbered = [];
        foreach (string path in Directory.EnumerateFiles(folder, $"{NumberedPrefix}*{NumberedSuffix}"))
            if (
                int.TryParse(
                    Path.GetFileName(path)[NumberedPrefix.Length..^NumberedSuffix.Length],
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out int n
                )
            )
                numbered.TryAdd(n, path);
        string latest = Path.Combine(folder, Latest);
        bool hasLatest = File.Exists(latest);
        string text = Path.Combine(folder, TextName);
        bool hasText = File.Exists(text);
        string textChoice = hasText ? TextName : $"no {TextName}, so the text tower stays as it is";

        if (epoch is int wanted)
            return numbered.TryGetValue(wanted, out string? exact)
                ? Take(exact, "the epoch asked for")
                : throw new InvalidDataException(
                    $"The folder '{folder}' has no {NumberedPrefix}{wanted}{NumberedSuffix}; it has "
                        + $"{(numbered.Count == 0 ? "no numbered epochs" : "the epochs " + string.Join(", ", numbered.Keys))}"
                        + $"{(hasLatest ? $" and {Latest}" : "")}: ask for one of these, or for none."
                );
        if (numbered.Count > 0)
            return Take(
                numbered.Last().Value,
                $"the highest of {numbered.Count} numbered epochs{(hasLatest ? $"; {Latest} was not taken" : "")}"
            );
        if (hasLatest)
            return Take(latest, "the only one");
        throw new InvalidDataException(
            hasText
                ? $"The folder '{folder}' has {TextName}, but neither {Latest} nor {NumberedPrefix}N{NumberedSuffix}: train the "
                    + $"image adapters too, which score the patches."
                : $"The folder '{folder}' has no AA-CLIP checkpoints ({Latest} or {NumberedPrefix}N{NumberedSuffix}, and "
                    + $"{TextName}): give the folder that the training wrote to, or none to use CLIP without adapters."
        );

        AdapterFiles Take(string image, string reason) =>
            new(image, hasText ? text : null, $"{Path.GetFileName(image)} ({reason}); {textChoice}");
    }
}
