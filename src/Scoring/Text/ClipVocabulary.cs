using System.Text.Json;

namespace AaClip.Scoring.Text;

/// <summary>
/// CLIP's byte-level vocabulary. Ids, in order: 256 byte symbols, the same symbols with the end-of-word mark, one id per merge, the start
/// marker, the end marker (specification 3.3; open_clip's tokenizer). Immutable.
/// </summary>
public sealed class ClipVocabulary
{
    /// <summary>The first token of every row.</summary>
    public const string StartMarker = "<|startoftext|>";

    /// <summary>The last token of every row. It has the largest id, and the text encoder finds the end of the text by it.</summary>
    public const string EndMarker = "<|endoftext|>";

    private const int OpenAiMerges = 48_894; // 49,408 - 512 - 2; the published list is longer
    private const int FixedIds = 2 * 256 + 2; // bytes, bytes at the end of a word, two markers

    private static readonly string[] ListNames = ["bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt"];

    private readonly string[] _tokens;
    private readonly int[] _inner = new int[256];
    private readonly int[] _last = new int[256];
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges = [];

    private ClipVocabulary(string path, string[] tokens, IReadOnlyDictionary<string, int> ids, List<Merge> merges)
    {
        _tokens = tokens;
        StartId = IdOf(StartMarker);
        EndId = IdOf(EndMarker);
        if (EndId != tokens.Length - 1)
            throw new InvalidDataException(
                $"In '{path}' the end marker has id {EndId}, but the largest id is {tokens.Length - 1}: the text encoder finds the "
                    + $"end of a text by the largest id, so tokens added behind it cannot be used."
            );
        foreach (byte b in ByteSymbols.Order)
        {
            _inner[b] = IdOf(ByteSymbols.Of(b).ToString());
            _last[b] = IdOf(ByteSymbols.Of(b) + ByteSymbols.EndOfWord);
        }

        foreach ((string left, string right, int line) in merges)
        {
            if (!ids.TryGetValue(left, out int l) || !ids.TryGetValue(right, out int r) || !ids.TryGetValue(left + right, out int product))
                throw new InvalidDataException(
                    $"Line {line} of the merges of '{path}' joins '{left}' and '{right}', but one of them or '{left + right}' is "
                        + $"not in the vocabulary: the two files do not belong together, or a line is missing."
                );
            _merges[(l, r)] = (line, product); // if a pair occurs twice, the last rank applies, as in the published code
        }

        int IdOf(string token) =>
            ids.TryGetValue(token, out int id)
                ? id
                : throw new InvalidDataException($"'{path}' has no entry '{token}': it is not a byte-level CLIP vocabulary.");
    }

    /// <summary>Number of ids; equals the number of rows of the token embedding.</summary>
    public int Size => _tokens.Length;

    /// <summary>Id of <see cref="StartMarker"/>; 49406 in the published vocabulary.</summary>
    public int StartId { get; }

    /// <summary>Id of <see cref="EndMarker"/>; 49407 in the published vocabulary.</summary>
    public int EndId { get; }

    /// <summary>Number of merges.</summary>
    public int MergeCount => _merges.Count;

    /// <summary>Loads a vocabulary from a file or folder.</summary>
    /// <param name="fileOrFolder">
    /// OpenAI's merge list (bpe_simple_vocab_16e6.txt.gz, or unpacked), or Hugging Face's vocab.json with merges.txt in the same folder, or
    /// a folder with either of them.
    /// </param>
    /// <param name="vocabularySize">
    /// Number of ids of the model. A merge list is cut to this size. If null, 48,894 merges are taken, or all if there are fewer.
    /// </param>
    /// <exception cref="FileNotFoundException">No vocabulary was found.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or its number of entries differs from the model's.</exception>
    public static ClipVocabulary Load(string fileOrFolder, int? vocabularySize = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileOrFolder);
        if (vocabularySize < FixedIds)
            throw new ArgumentOutOfRangeException(
                nameof(vocabularySize),
                vocabularySize,
                $"A vocabulary has at least {FixedIds} ids: 512 bytes and two markers."
            );

        string path = Find(fileOrFolder);
        return IsJson(path) ? FromJson(path, vocabularySize) : FromList(path, vocabularySize);
    }

    /// <summary>Copies a vocabulary into a new folder, with file names that <see cref="Load"/> finds.</summary>
    /// <param name="fileOrFolder">As for <see cref="Load"/>.</param>
    /// <exception cref="FileNotFoundException">No vocabulary was found.</exception>
    public static void Copy(string fileOrFolder, string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileOrFolder);
        string path = Find(fileOrFolder);
        Directory.CreateDirectory(folder);
        if (IsJson(path))
        {
            File.Copy(path, Path.Combine(folder, "vocab.json"));
            File.Copy(MergesBeside(path), Path.Combine(folder, "merges.txt"));
        }
        else
        {
            File.Copy(path, Path.Combine(folder, path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? ListNames[0] : ListNames[1]));
        }
    }

    /// <summary>The text of an id: byte symbols, plus the end-of-word mark if the id ends a piece.</summary>
    internal string TokenText(int id) => _tokens[id];

    /// <summary>The id of a single byte, before any merge.</summary>
    internal int ByteId(byte value, bool last) => last ? _last[value] : _inner[value];

    /// <summary>Whether two neighbouring ids can be merged; the pair with the lowest rank is merged first.</summary>
    internal bool TryMerge(int left, int right, out int rank, out int id)
    {
        bool found = _merges.TryGetValue((left, right), out (int Rank, int Id) merge);
        (rank, id) = merge;
        return found;
    }

    private static bool IsJson(string path) => Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase);

    private static string MergesBeside(string path) => Path.Combine(Path.GetDirectoryName(path) ?? "", "merges.txt");

    private static string Find(string fileOrFolder)
    {
        if (File.Exists(fileOrFolder))
            return
                Path.GetFileName(fileOrFolder) == "merges.txt"
                && File.Exists(Path.Combine(Path.GetDirectoryName(fileOrFolder) ?? "", "vocab.json"))
                ? Path.Combine(Path.GetDirectoryName(fileOrFolder) ?? "", "vocab.json")
                : fileOrFolder;
        string[] wanted = ["vocab.json", .. ListNames];
        return wanted.Select(name => Path.Combine(fileOrFolder, name)).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException(
                $"No vocabulary at '{fileOrFolder}': expected a merge list, or a folder with vocab.json and merges.txt or with "
                    + $"{ListNames[0]}.",
                fileOrFolder
            );
    }

    private static ClipVocabulary FromList(string path, int? size)
    {
        List<Merge> merges = MergeList.Read(path, size - FixedIds ?? OpenAiMerges);
        if (merges.Count < size - FixedIds)
            throw new InvalidDataException(
                $"'{path}' has {merges.Count} merges, but a vocabulary of {size} ids needs {size - FixedIds}: use the merge list "
                    + $"that the model was trained with."
            );

        List<string> tokens = [];
        foreach (string mark in (string[])["", ByteSymbols.EndOfWord])
        foreach (byte b in ByteSymbols.Order)
            tokens.Add(ByteSymbols.Of(b) + mark);
        tokens.AddRange(merges.Select(m => m.Left + m.Right));
        tokens.AddRange([StartMarker, EndMarker]);

        Dictionary<string, int> ids = new(tokens.Count, StringComparer.Ordinal);
        for (int id = 0; id < tokens.Count; id++)
            ids[tokens[id]] = id; // if two ids have the same token, the last id applies, as in the published code
        return new ClipVocabulary(path, [.. tokens], ids, merges);
    }

    private static ClipVocabulary FromJson(string path, int? size)
    {
        string mergesPath = MergesBeside(path);
        if (!File.Exists(mergesPath))
            throw new FileNotFoundException(
                $"'{path}' needs the merges that belong to it: put merges.txt into the same folder.",
                mergesPath
            );

        Dictionary<string, int> ids;
        try
        {
            ids = JsonSerializer.Deserialize(MergeList.ReadText(path), TextJson.Default.DictionaryStringInt32) ?? [];
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}' is not a vocabulary, a JSON object of token and id ({e.Message}).", e);
        }

        if (size is not null && ids.Count != size)
            throw new InvalidDataException(
                $"'{path}' has {ids.Count} entries, but the model knows {size}: use the vocabulary that the model was trained with."
            );
        string[] tokens = new string[ids.Count];
        foreach ((string token, int id) in ids)
        {
            if (id < 0 || id >= tokens.Length || tokens[id] is not null)
                throw new InvalidDataException(
                    $"'{path}' gives '{token}' the id {id}, expected each of 0 to {tokens.Length - 1} once: the file is damaged or "
                        + $"has added tokens, which the text encoder does not know."
                );
            tokens[id] = token;
        }

        return new ClipVocabulary(path, tokens, ids, MergeList.Read(mergesPath));
    }
}
