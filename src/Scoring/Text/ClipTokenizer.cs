using System.Collections.Concurrent;
using System.Text;

namespace AaClip.Scoring.Text;

/// <summary>
/// Converts text to the token ids of CLIP's text encoder (specification 3.3; open_clip's tokenizer, without its repair of wrongly decoded
/// text). Thread-safe.
/// </summary>
/// <param name="vocabulary">The vocabulary of the model.</param>
public sealed class ClipTokenizer(ClipVocabulary vocabulary)
{
    /// <summary>Tokens per row in every published CLIP model.</summary>
    public const int DefaultContextLength = 77;

    /// <summary>
    /// Maximum number of characters of a text. This is far more than fits in a row. It limits the work on hostile input, because the cost
    /// grows with the square of the length.
    /// </summary>
    public const int MaxCharacters = 4096;

    private const int CachedPieces = 4096;
    private const int CachedLength = 32; // longer pieces are rare, and caching them would let one caller fill the memory

    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);

    /// <summary>The vocabulary.</summary>
    public ClipVocabulary Vocabulary { get; } = vocabulary;

    /// <summary>
    /// Cleans a text before tokenizing: HTML references are decoded, runs of white space become one space, letters are lower-cased.
    /// </summary>
    public static string Clean(string text)
    {
        return TextCleaning.Clean(text);
    }

    /// <summary>The ids of a text, without start and end marker; any number of ids.</summary>
    /// <param name="text">
    /// Any text. A marker written in it becomes the id of that marker; an end marker ends the text for the encoder.
    /// </param>
    /// <exception cref="ArgumentException">The text has more than <see cref="MaxCharacters"/> characters.</exception>
    public int[] Encode(string text)
    {
        if (text.Length > MaxCharacters)
            throw new ArgumentException(
                $"The text '{MergeList.Shorten(text)}' has {text.Length} characters, at most {MaxCharacters} are taken: a row holds "
                    + $"about one sentence, shorten it.",
                nameof(text)
            );

        string cleaned = TextCleaning.Clean(text);
        ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
        List<int> ids = [];
        int at = 0;
        while (TextPieces.TryNext(cleaned, ref at, out ReadOnlySpan<char> piece))
        {
            if (!cached.TryGetValue(piece, out int[]? pieceIds))
            {
                pieceIds = EncodePiece(piece);
                if (piece.Length <= CachedLength && _cache.Count < CachedPieces)
                    _cache.TryAdd(piece.ToString(), pieceIds);
            }

            ids.AddRange(pieceIds);
        }

        return [.. ids];
    }

    /// <summary>Makes a row for the text encoder: start marker, ids, end marker, zeros.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="contextLength">Length of the row, at least 2.</param>
    /// <param name="truncate">True: cut a text that is too long, and put the end marker in the last position. False: throw.</param>
    /// <exception cref="ArgumentException">The text is too long.</exception>
    public long[] EncodeRow(string text, int contextLength = DefaultContextLength, bool truncate = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 2);
        long[] row = new long[contextLength];
        EncodeRow(text, row, truncate);
        return row;
    }

    /// <summary>Writes a row into a batch, like the other overload. The length of the span is the context length.</summary>
    public void EncodeRow(string text, Span<long> row, bool truncate = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(row.Length, 2);
        ReadOnlySpan<int> ids = Encode(text);
        int room = row.Length - 2;
        if (ids.Length > room)
        {
            if (!truncate)
                throw new ArgumentException(
                    $"The text '{MergeList.Shorten(text)}' has {ids.Length} tokens, at most {room} fit beside the two markers: "
                        + $"shorten the text, or allow truncation.",
                    nameof(text)
                );
            ids = ids[..room];
        }

        row.Clear();
        row[0] = Vocabulary.StartId;
        for (int i = 0; i < ids.Length; i++)
            row[i + 1] = ids[i];
        row[ids.Length + 1] = Vocabulary.EndId;
    }

    private int[] EncodePiece(ReadOnlySpan<char> piece)
    {
        if (piece.SequenceEqual(ClipVocabulary.StartMarker))
            return [Vocabulary.StartId];
        if (piece.SequenceEqual(ClipVocabulary.EndMarker))
            return [Vocabulary.EndId];

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, bytes);
        int[] symbols = new int[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
            symbols[i] = Vocabulary.ByteId(bytes[i], last: i == bytes.Length - 1);

        int count = symbols.Length;
        while (TryBestPair(symbols.AsSpan(0, count), out int left, out int right, out int merged))
        {
            int kept = 0;
            for (int i = 0; i < count; i++)
            {
                bool pair = symbols[i] == left && i + 1 < count && symbols[i + 1] == right;
                symbols[kept++] = pair ? merged : symbols[i];
                i += pair ? 1 : 0;
            }

            count = kept;
        }

        return symbols[..count];
    }

    private bool TryBestPair(ReadOnlySpan<int> symbols, out int left, out int right, out int merged)
    {
        int best = int.MaxValue;
        (left, right, merged) = (0, 0, 0);
        for (int i = 0; i + 1 < symbols.Length; i++)
            if (Vocabulary.TryMerge(symbols[i], symbols[i + 1], out int rank, out int id) && rank < best)
                (best, left, right, merged) = (rank, symbols[i], symbols[i + 1], id);
        return best < int.MaxValue;
    }
}
