using System.Text.Json;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Text;

public sealed class ClipTokenizerTests
{
    [Fact]
    public void Every_published_string_is_cleaned_as_published()
    {
        foreach (JsonElement row in Strings())
        {
            // Where the published code first repairs the text (36 rows), what it gives without the repair.
            string expected = (
                row.TryGetProperty("cleaned_without_ftfy", out JsonElement unrepaired) ? unrepaired : row.GetProperty("cleaned")
            ).GetString()!;

            string cleaned = ClipTokenizer.Clean(row.GetProperty("text").GetString()!);

            Assert.Equal(expected, cleaned);
        }
    }

    [Fact]
    public void Every_published_string_gets_the_published_ids()
    {
        ClipTokenizer tokenizer = TestVocabulary.Published;
        int compared = 0;

        foreach (JsonElement row in Strings())
        {
            // Where the published code repairs the text, the repaired one is encoded: so the ids of all 232 rows are compared.
            string text = row.GetProperty(row.TryGetProperty("cleaned_without_ftfy", out _) ? "cleaned" : "text").GetString()!;

            int[] ids = tokenizer.Encode(text);

            Assert.Equal(Ids(row.GetProperty("ids")), ids);
            Assert.Equal(row.GetProperty("length_with_specials").GetInt32(), ids.Length + 2);
            compared++;
        }

        Assert.Equal(232, compared);
    }

    [Fact]
    public void Every_published_string_gets_the_published_row_or_is_refused()
    {
        ClipTokenizer tokenizer = TestVocabulary.Published;

        foreach (JsonElement row in Strings().Where(r => !r.TryGetProperty("cleaned_without_ftfy", out _)))
        {
            string text = row.GetProperty("text").GetString()!;
            bool refused = row.TryGetProperty("raises_without_truncate", out JsonElement raises) && raises.GetBoolean();

            long[] encoded = tokenizer.EncodeRow(text, truncate: refused);

            Assert.Equal(77, encoded.Length);
            if (refused)
            {
                Assert.Equal(Ids(row.GetProperty("row_truncated")), encoded.Select(id => (int)id));
                Assert.Throws<ArgumentException>(() => tokenizer.EncodeRow(text));
            }
            else
            {
                Assert.Equal(row.GetProperty("argmax").GetInt32(), Array.IndexOf(encoded, encoded.Max()));
            }
        }
    }

    [Fact]
    public void Every_published_prompt_gets_the_published_ids()
    {
        ClipTokenizer tokenizer = TestVocabulary.Published;
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Parity.File("tokenizer/prompts.json")));
        List<int> lengths = [];

        foreach (
            JsonElement prompt in json
                .RootElement.EnumerateObject()
                .SelectMany(d => d.Value.EnumerateObject())
                .SelectMany(c => Prompts(c.Value))
        )
        {
            int[] ids = tokenizer.Encode(prompt.GetProperty("text").GetString()!);

            Assert.Equal(Ids(prompt.GetProperty("ids")), ids);
            lengths.Add(ids.Length + 2);
        }

        Assert.Equal(43 * 16, lengths.Count);
        Assert.Equal(39, lengths.Max());
    }

    [Fact]
    public void The_prompts_of_the_text_tower_get_the_published_rows()
    {
        ClipTokenizer tokenizer = TestVocabulary.Published;
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Parity.File("tiny/golden-text-prompts.json")));

        foreach (
            (JsonElement prompt, JsonElement tokens) in json
                .RootElement.GetProperty("prompts")
                .EnumerateArray()
                .Zip(json.RootElement.GetProperty("tokens").EnumerateArray())
        )
        {
            long[] row = tokenizer.EncodeRow(prompt.GetString()!);

            int[] expected = Ids(tokens);
            Assert.Equal(expected, row.Take(expected.Length).Select(id => (int)id));
            Assert.All(row.Skip(expected.Length), id => Assert.Equal(0, id));
        }
    }

    [Theory]
    [InlineData("a photo of a dark bottle.")]
    [InlineData("it's 42, isn't it?! 'quoted'")]
    [InlineData("naïve Ωmega 𝒜𝟙 你好 😀")]
    [InlineData("aaaaaaaa abababab damageddamaged")]
    public void Ids_are_those_of_merging_strings_step_by_step(string text)
    {
        Dictionary<(string, string), int> ranks = MergeList
            .Read(TestVocabulary.SmallPath)
            .Select((m, rank) => (m, rank))
            .ToDictionary(x => (x.m.Left, x.m.Right), x => x.rank);
        string cleaned = ClipTokenizer.Clean(text);
        List<string> expected = [];
        int at = 0;
        while (TextPieces.TryNext(cleaned, ref at, out ReadOnlySpan<char> piece))
            expected.AddRange(SlowMerge(piece.ToString(), ranks));

        IEnumerable<string> tokens = TestVocabulary.Small.Encode(text).Select(TestVocabulary.Small.Vocabulary.TokenText);

        Assert.Equal(expected, tokens);
    }

    [Fact]
    public void All_occurrences_of_the_best_pair_merge_before_the_next_pair()
    {
        using ScratchFolder folder = new();
        ClipTokenizer tokenizer = new(ClipVocabulary.Load(folder.Write("list.txt", "#version: 0.2\na b\nab c\nab ab\nc d</w>\n")));

        IEnumerable<string> tokens = tokenizer.Encode("ababcababcd").Select(tokenizer.Vocabulary.TokenText);

        // Left to right ab·ab·c·ab·ab·cd; then "ab c" has rank 1, before "c d</w>".
        Assert.Equal(["ab", "abc", "ab", "abc", "d</w>"], tokens);
    }

    [Fact]
    public void A_row_is_start_ids_end_and_zeros()
    {
        ClipTokenizer tokenizer = TestVocabulary.Small;

        long[] row = tokenizer.EncodeRow("a dog", contextLength: 12);

        long[] ids = [.. tokenizer.Encode("a dog").Select(id => (long)id)];
        Assert.Equal([tokenizer.Vocabulary.StartId, .. ids, tokenizer.Vocabulary.EndId, .. new long[10 - ids.Length]], row);
    }

    [Fact]
    public void A_used_row_is_cleared_before_it_is_filled()
    {
        long[] row = new long[16];
        Array.Fill(row, 99);

        TestVocabulary.Small.EncodeRow("a", row);

        Assert.Equal(TestVocabulary.Small.EncodeRow("a", 16), row);
    }

    [Fact]
    public void A_text_that_just_fits_is_taken_and_one_more_token_is_refused_with_the_numbers()
    {
        ClipTokenizer tokenizer = TestVocabulary.Small;

        long[] full = tokenizer.EncodeRow(new string('1', 75));
        ArgumentException refused = Assert.Throws<ArgumentException>(() => tokenizer.EncodeRow(new string('1', 76)));

        Assert.Equal(tokenizer.Vocabulary.EndId, full[76]);
        Assert.StartsWith(
            "The text '111111111111111111111111111111111111111111111111111111111...' has 76 tokens, at most 75 fit beside the two "
                + "markers: shorten the text, or allow truncation.",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_truncated_row_ends_with_the_end_marker()
    {
        ClipTokenizer tokenizer = TestVocabulary.Small;

        long[] row = tokenizer.EncodeRow("1 2 3 4 5 6", contextLength: 5, truncate: true);

        long[] ids = [.. tokenizer.Encode("1 2 3").Select(id => (long)id)];
        Assert.Equal([tokenizer.Vocabulary.StartId, .. ids, tokenizer.Vocabulary.EndId], row);
    }

    [Fact]
    public void A_text_of_more_characters_than_any_prompt_is_refused_before_work_is_done_on_it()
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => TestVocabulary.Small.Encode(new string('a', 4097)));

        Assert.Contains(
            "has 4097 characters, at most 4096 are taken: a row holds about one sentence, shorten it.",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Many_threads_get_the_ids_that_one_gets()
    {
        string[] prompts = [.. TestVocabulary.PublishedPrompts()];
        int[][] expected = [.. prompts.Select(TestVocabulary.Small.Encode)];
        ClipTokenizer fresh = new(TestVocabulary.Small.Vocabulary);
        int[][] ids = new int[prompts.Length][];

        Parallel.For(0, prompts.Length, i => ids[i] = fresh.Encode(prompts[i]));

        Assert.Equal(expected, ids);
    }

    private static List<string> SlowMerge(string piece, Dictionary<(string, string), int> ranks)
    {
        List<string> symbols = [.. System.Text.Encoding.UTF8.GetBytes(piece).Select(b => ByteSymbols.Of(b).ToString())];
        symbols[^1] += "</w>";
        while (true)
        {
            List<(string Left, string Right)> known = [.. symbols.Zip(symbols.Skip(1)).Where(p => ranks.ContainsKey(p))];
            if (known.Count == 0)
                return symbols;
            (string left, string right) = known.MinBy(p => ranks[p]);
            for (int i = 0; i + 1 < symbols.Count; i++)
                if (symbols[i] == left && symbols[i + 1] == right)
                {
                    symbols[i] = left + right;
                    symbols.RemoveAt(i + 1);
                }
        }
    }

    private static JsonElement[] Strings()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Parity.File("tokenizer/strings.json")));
        return [.. json.RootElement.GetProperty("rows").EnumerateArray().Select(r => r.Clone())];
    }

    private static IEnumerable<JsonElement> Prompts(JsonElement ofClass) =>
        ofClass.GetProperty("normal").EnumerateArray().Concat(ofClass.GetProperty("abnormal").EnumerateArray());

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];
}
