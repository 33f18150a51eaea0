using AaClip.Scoring.Text;

namespace AaClip.Tests;

/// <summary>
/// The vocabularies of these tests. small-vocabulary.txt was learned by VocabularyTrainer from the published prompts (200 merges);
/// a test learns it again. The published list is not carried: tests that need it skip where it is absent.
/// </summary>
internal static class TestVocabulary
{
    public const int SmallMerges = 200;

    private static ClipTokenizer? _published;

    public static string SmallPath { get; } = Path.Combine(Parity.RepositoryRoot, "tests", "Scoring.Tests", "Text", "small-vocabulary.txt");

    public static ClipTokenizer Small { get; } = new(ClipVocabulary.Load(SmallPath));

    public static string PublishedPath => Parity.File("tokenizer/bpe_simple_vocab_16e6.txt.gz");

    public static ClipTokenizer Published => _published ??= new ClipTokenizer(ClipVocabulary.Load(PublishedPath, 49408));

    /// <summary>All sentences of all published classes.</summary>
    public static IEnumerable<string> PublishedPrompts() =>
        from c in ClassNames.Published
        let s = PromptEnsemble.Default.Sentences(ClassNames.Resolve(c))
        from sentence in s.Normal.Concat(s.Abnormal)
        select sentence;
}
