using System.Text;
using AaClip.Import.Clip;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Import.Tests.Clip;

public sealed class VocabularyTrainerTests
{
    [Fact]
    public void The_most_frequent_pair_is_learned_first()
    {
        List<Merge> merges = VocabularyTrainer.Learn(["low low low lower newest newest"], 4);

        // l·o 4 times; then lo·w</w> and w·e 3 times each, in ordinal order; then e·we, n·e, we·s and s·t</w> twice each.
        Assert.Equal([("l", "o"), ("lo", "w</w>"), ("w", "e"), ("e", "we")], merges.Select(m => (m.Left, m.Right)));
    }

    [Fact]
    public void The_carried_vocabulary_is_what_the_published_prompts_give()
    {
        using ScratchFolder folder = new();
        string path = folder.File("learned.txt");

        int size = VocabularyTrainer.Train(TestVocabulary.PublishedPrompts(), TestVocabulary.SmallMerges, path);

        Assert.Equal(512 + 200 + 2, size);
        Assert.Equal(File.ReadAllText(TestVocabulary.SmallPath), File.ReadAllText(path));
    }

    [Fact]
    public void A_packed_list_is_read_back_as_learned()
    {
        using ScratchFolder folder = new();
        string path = folder.File("learned.txt.gz");

        int size = VocabularyTrainer.Train(["a damaged bottle", "a bottle"], 1000, path);

        ClipVocabulary vocabulary = ClipVocabulary.Load(path, size);
        Assert.Equal(size, vocabulary.Size);
        Assert.Equal(0x1F, File.ReadAllBytes(path)[0]);
        Assert.Equal(
            ["a</w>", "damaged</w>", "bottle</w>"],
            new ClipTokenizer(vocabulary).Encode("a damaged bottle").Select(vocabulary.TokenText)
        );
    }

    [Fact]
    public void Every_published_prompt_goes_through_a_learned_vocabulary_and_comes_back()
    {
        ClipTokenizer tokenizer = TestVocabulary.Small;

        foreach (string prompt in TestVocabulary.PublishedPrompts())
        {
            int[] ids = tokenizer.Encode(prompt);

            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.Vocabulary.StartId - 1));
            Assert.Equal(WithoutBlanks(ClipTokenizer.Clean(prompt)), WithoutBlanks(Decode(tokenizer.Vocabulary, ids)));
        }
    }

    [Theory]
    [InlineData("Straße 你好 😀 it's 42%")]
    [InlineData("\u200Bzero\u200Bwidth &amp; \u0001")]
    public void Texts_unlike_the_training_texts_come_back_too(string text)
    {
        string decoded = Decode(TestVocabulary.Small.Vocabulary, TestVocabulary.Small.Encode(text));

        Assert.Equal(WithoutBlanks(ClipTokenizer.Clean(text)), WithoutBlanks(decoded));
    }

    // A blank after each piece; between which pieces there was one is not kept in the ids.
    private static string Decode(ClipVocabulary vocabulary, IEnumerable<int> ids)
    {
        List<byte> bytes = [];
        foreach (string token in ids.Select(vocabulary.TokenText))
        {
            bool ends = token.EndsWith(ByteSymbols.EndOfWord, StringComparison.Ordinal);
            foreach (char symbol in ends ? token[..^ByteSymbols.EndOfWord.Length] : token)
                bytes.Add(ByteSymbols.TryByte(symbol, out byte b) ? b : throw new InvalidDataException(token));
            if (ends)
                bytes.Add((byte)' ');
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static string WithoutBlanks(string text) => text.Replace(" ", "", StringComparison.Ordinal);
}
