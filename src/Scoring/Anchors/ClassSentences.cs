using System.Collections.Concurrent;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;

namespace AaClip.Scoring.Anchors;

/// <summary>The sentences of a class as tokens, made with the package's vocabulary and prompts. Thread-safe.</summary>
internal sealed class ClassSentences(ModelPackage package, PromptPack prompts, bool verify)
{
    private readonly ConcurrentDictionary<string, float[]> _rows = new(StringComparer.Ordinal);

    /// <summary>Values in a row of <see cref="Rows"/>.</summary>
    public static int Columns(ModelArchitecture shape) => 1 + shape.Context;

    /// <summary>The sentences as AdaCLIP's image graph takes them, in place of anchors.</summary>
    /// <param name="name">The result of <see cref="PromptPack.Resolve"/>, such as "dark bottle".</param>
    /// <returns>
    /// [sentences, 1 + context] row-major, shared: do not write to it. The first value of a row is 0 for a normal and 1 for an abnormal
    /// sentence; the others are its token ids, which float32 holds exactly.
    /// </returns>
    public float[] Rows(string name) =>
        _rows.GetOrAdd(
            name,
            n =>
            {
                (long[][] normal, long[][] abnormal) = Tokens(n);
                return [.. normal.SelectMany(t => Row(0, t)), .. abnormal.SelectMany(t => Row(1, t))];
            }
        );

    /// <summary>The sentences as token rows, [context] each.</summary>
    /// <param name="name">As in <see cref="Rows"/>.</param>
    /// <exception cref="ClassNameException">A sentence with this name is too long.</exception>
    public (long[][] Normal, long[][] Abnormal) Tokens(string name)
    {
        ModelArchitecture shape = package.Manifest.Architecture;
        if (verify)
            foreach (
                string file in package.Manifest.Files.Keys.Where(f => f.StartsWith($"{ModelPackage.Tokenizer}/", StringComparison.Ordinal))
            )
                package.Verify(file);
        ClipTokenizer tokenizer = new(ClipVocabulary.Load(package.PathOf(ModelPackage.Tokenizer), shape.Vocabulary));
        name = ClassNames.Resolve(name, tokenizer, prompts, shape.Context);
        (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = prompts.Sentences(name);
        return (Encode(normal), Encode(abnormal));

        long[][] Encode(IReadOnlyList<string> sentences) => [.. sentences.Select(s => tokenizer.EncodeRow(s, shape.Context))];
    }

    private static IEnumerable<float> Row(float side, long[] tokens) => tokens.Select(t => (float)t).Prepend(side);
}
