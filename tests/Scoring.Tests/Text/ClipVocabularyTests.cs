using System.IO.Compression;
using System.Text.Json;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Text;

public sealed class ClipVocabularyTests
{
    [Fact]
    public void The_published_list_gives_49408_ids_with_the_markers_at_the_end()
    {
        ClipVocabulary vocabulary = ClipVocabulary.Load(TestVocabulary.PublishedPath);

        Assert.Equal(49408, vocabulary.Size);
        Assert.Equal(48894, vocabulary.MergeCount);
        Assert.Equal((49406, 49407), (vocabulary.StartId, vocabulary.EndId));
        Assert.Equal(("!", "a</w>"), (vocabulary.TokenText(0), vocabulary.TokenText(320)));
    }

    [Fact]
    public void A_known_size_cuts_the_list()
    {
        ClipVocabulary vocabulary = ClipVocabulary.Load(TestVocabulary.SmallPath, 512 + 10 + 2);

        Assert.Equal((524, 10), (vocabulary.Size, vocabulary.MergeCount));
        Assert.Equal((522, 523), (vocabulary.StartId, vocabulary.EndId));
    }

    [Fact]
    public void A_list_shorter_than_the_model_is_refused()
    {
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipVocabulary.Load(TestVocabulary.SmallPath, 49408));

        Assert.Equal(
            $"'{TestVocabulary.SmallPath}' has 200 merges, but a vocabulary of 49408 ids needs 48894: use the merge list that the "
                + $"model was trained with.",
            refused.Message
        );
    }

    [Fact]
    public void Every_byte_has_a_symbol_and_comes_back_from_it()
    {
        Assert.Equal(256, ByteSymbols.Order.ToArray().Distinct().Count());
        for (int b = 0; b < 256; b++)
        {
            char symbol = ByteSymbols.Of((byte)b);

            Assert.True(ByteSymbols.TryByte(symbol, out byte back));
            Assert.Equal(b, back);
            Assert.False(char.IsWhiteSpace(symbol) || char.IsControl(symbol));
        }

        Assert.Equal(('!', 'Ā', 'Ġ', 'ÿ'), (ByteSymbols.Of((byte)'!'), ByteSymbols.Of(0), ByteSymbols.Of((byte)' '), ByteSymbols.Of(0xFF)));
    }

    [Fact]
    public void Hugging_Face_files_give_the_ids_of_the_list_they_were_made_from()
    {
        using ScratchFolder folder = new();
        WriteHuggingFace(folder, []);
        string text = "a photo of a damaged metal nut, it's broken.";

        int[] ids = new ClipTokenizer(ClipVocabulary.Load(folder.Path)).Encode(text);
        int[] idsByMergesName = new ClipTokenizer(ClipVocabulary.Load(folder.File("merges.txt"))).Encode(text);

        Assert.Equal(TestVocabulary.Small.Encode(text), ids);
        Assert.Equal(ids, idsByMergesName);
    }

    [Fact]
    public void A_Hugging_Face_vocabulary_of_another_size_than_the_model_is_refused()
    {
        using ScratchFolder folder = new();
        WriteHuggingFace(folder, []);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipVocabulary.Load(folder.Path, 49408));

        Assert.Equal(
            $"'{folder.File("vocab.json")}' has 714 entries, but the model knows 49408: use the vocabulary that the model was "
                + $"trained with.",
            refused.Message
        );
    }

    [Fact]
    public void Tokens_added_behind_the_end_marker_are_refused()
    {
        using ScratchFolder folder = new();
        WriteHuggingFace(folder, ["<extra>"]);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipVocabulary.Load(folder.Path));

        Assert.Contains("the end marker has id 713, but the largest id is 714", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<|endoftext|>", "has no entry '<|endoftext|>': it is not a byte-level CLIP vocabulary.")]
    [InlineData("Ġ</w>", "has no entry 'Ġ</w>': it is not a byte-level CLIP vocabulary.")]
    public void A_vocabulary_without_a_marker_or_a_byte_is_refused(string missing, string message)
    {
        using ScratchFolder folder = new();
        WriteHuggingFace(folder, [], t => t == missing ? "zzz" : t);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipVocabulary.Load(folder.Path));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Merges_of_another_vocabulary_are_refused_with_their_line()
    {
        using ScratchFolder folder = new();
        WriteHuggingFace(folder, []);
        folder.Write("merges.txt", "#version: 0.2\na n\nq q\n");

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipVocabulary.Load(folder.Path));

        Assert.StartsWith(
            $"Line 3 of the merges of '{folder.File("vocab.json")}' joins 'q' and 'q'",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("{\"a\":1}", "gives 'a' the id 1, expected each of 0 to 0 once")]
    [InlineData("{\"a\":0,\"b\":0}", "gives 'b' the id 0, expected each of 0 to 1 once")]
    [InlineData("[1]", "is not a vocabulary, a JSON object of token and id")]
    [InlineData("null", "has no entry '<|startoftext|>'")]
    public void A_vocabulary_json_that_is_none_is_refused(string json, string message)
    {
        using ScratchFolder folder = new();
        folder.Write("merges.txt", "#version: 0.2\n");

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipVocabulary.Load(folder.Write("vocab.json", json)));

        Assert.Contains($"'{folder.File("vocab.json")}' {message}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_json_alone_is_refused()
    {
        using ScratchFolder folder = new();

        FileNotFoundException refused = Assert.Throws<FileNotFoundException>(() => ClipVocabulary.Load(folder.Write("vocab.json", "{}")));

        Assert.Contains("put merges.txt into the same folder", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hello\n", "Line 1 of '{0}' is 'hello', expected one with '#version'")]
    [InlineData("", "Line 1 of '{0}' is '', expected one with '#version'")]
    [InlineData(
        "#version\na b\nabc\n",
        "Line 3 of '{0}' is 'abc', expected two symbols with one blank between them: the file is damaged, fetch it again."
    )]
    [InlineData("#version\na b c\n", "Line 2 of '{0}' is 'a b c', expected two symbols")]
    [InlineData("#version\na b\n\na c\n", "Line 3 of '{0}' is '', expected two symbols")]
    [InlineData(
        "#version\na b\nac d\n",
        "Line 3 of the merges of '{0}' joins 'ac' and 'd', but one of them or 'acd' is not in the vocabulary"
    )]
    public void A_damaged_list_is_refused_with_file_and_line(string content, string message)
    {
        using ScratchFolder folder = new();
        string path = folder.Write("list.txt", content);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipVocabulary.Load(path));

        Assert.Contains(message.Replace("{0}", path, StringComparison.Ordinal), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_gzip_is_refused_or_a_list_that_is_not_text()
    {
        using ScratchFolder folder = new();
        string packed = folder.File("list.txt.gz");
        Pack(packed, s => s.Write("#version: 0.2\na b\n"u8));
        File.WriteAllBytes(folder.File("bad.gz"), [.. File.ReadAllBytes(packed).AsSpan(0, 10), 0xFF, 0xFF, 0xFF, 0xFF]);
        File.WriteAllBytes(folder.File("bytes.txt"), [0x23, 0xFF, 0xFE]);

        foreach (string name in (string[])["bad.gz", "bytes.txt"])
        {
            InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipVocabulary.Load(folder.File(name)));

            Assert.Contains($"'{folder.File(name)}' cannot be read as UTF-8 text", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_small_gzip_that_grows_beyond_64_MB_is_refused()
    {
        using ScratchFolder folder = new();
        string path = folder.File("bomb.gz");
        byte[] megabyte = new byte[1 << 20];
        Pack(
            path,
            s =>
            {
                for (int i = 0; i < 65; i++)
                    s.Write(megabyte);
            }
        );

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClipVocabulary.Load(path));

        Assert.StartsWith($"'{path}' holds more than 64 MB of text", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_vocabulary_is_refused_with_the_names_expected()
    {
        using ScratchFolder folder = new();

        FileNotFoundException refused = Assert.Throws<FileNotFoundException>(() => ClipVocabulary.Load(folder.Path));

        Assert.StartsWith(
            $"No vocabulary at '{folder.Path}': expected a merge list, or a folder with vocab.json and merges.txt or with "
                + $"bpe_simple_vocab_16e6.txt.gz.",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_folder_with_the_published_name_is_taken_packed_or_not()
    {
        using ScratchFolder plain = new();
        File.Copy(TestVocabulary.SmallPath, plain.File("bpe_simple_vocab_16e6.txt"));
        using ScratchFolder packed = new();
        Pack(packed.File("bpe_simple_vocab_16e6.txt.gz"), s => s.Write(File.ReadAllBytes(TestVocabulary.SmallPath)));

        Assert.Equal(714, ClipVocabulary.Load(plain.Path).Size);
        Assert.Equal(714, ClipVocabulary.Load(packed.Path).Size);
    }

    private static void Pack(string path, Action<Stream> write)
    {
        using GZipStream stream = new(File.Create(path), CompressionLevel.Fastest);
        write(stream);
    }

    private static void WriteHuggingFace(ScratchFolder folder, string[] added, Func<string, string>? rename = null)
    {
        ClipVocabulary vocabulary = TestVocabulary.Small.Vocabulary;
        string[] tokens = [.. Enumerable.Range(0, vocabulary.Size).Select(vocabulary.TokenText), .. added];
        folder.Write(
            "vocab.json",
            JsonSerializer.Serialize(tokens.Select((t, id) => (t, id)).ToDictionary(x => rename?.Invoke(x.t) ?? x.t, x => x.id))
        );
        File.Copy(TestVocabulary.SmallPath, folder.File("merges.txt"));
    }
}
