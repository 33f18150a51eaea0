using AaClip.Scoring.Packages;

namespace AaClip.Import.Packages;

/// <summary>
/// Published weight files that this program recognises by their whole content. A name is no evidence; a file with the same SHA-256 is the
/// published one.
/// </summary>
/// <param name="titles">What each file is, by its SHA-256 in lower-case hexadecimal.</param>
public sealed class KnownFiles(IReadOnlyDictionary<string, string> titles)
{
    /// <summary>
    /// OpenAI's CLIP models with a vision transformer. Each hash is part of the file's public address (github.com/openai/CLIP,
    /// clip/clip.py). OpenCLIP's file names carry eight digits of theirs, which anyone can match, so those files are not here; the other
    /// methods' checkpoints are published without hashes.
    /// </summary>
    public static KnownFiles Published { get; } =
        new(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"] = "OpenAI's ViT-L/14-336",
                ["b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"] = "OpenAI's ViT-L/14",
                ["5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"] = "OpenAI's ViT-B/16",
                ["40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"] = "OpenAI's ViT-B/32",
            }
        );

    /// <summary>What a file is.</summary>
    /// <param name="sha256">Hash of its content, lower-case hexadecimal.</param>
    /// <returns>For example "OpenAI's ViT-L/14-336"; null if it is not known.</returns>
    public string? TitleOf(string sha256) => titles.GetValueOrDefault(sha256);

    /// <summary>Refuses CLIP weights of which a file is not known.</summary>
    /// <param name="sources">The files of an import, as in <see cref="Provenance.Sources"/>.</param>
    /// <exception cref="InvalidDataException">A file is not known; the message names it and the known ones.</exception>
    internal void Require(IReadOnlyDictionary<string, ProvenanceFile> sources)
    {
        foreach (ProvenanceFile file in sources.Where(s => s.Key.StartsWith("clip/", StringComparison.Ordinal)).Select(s => s.Value))
            if (TitleOf(file.Sha256) is null)
                throw new InvalidDataException(
                    $"'{file.Name}' has SHA-256 {file.Sha256}, which is not a file known to this program: download the published file "
                        + $"again, or leave out --require-known if you trust its origin. Known are {string.Join(", ", titles.Values)}."
                );
    }
}
