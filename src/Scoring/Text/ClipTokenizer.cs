using System.Collections.Concurrent;
using System.Text;

namespace AaClip.Scoring.Text;

/// <summary>
/// Turns text into the token ids of CLIP's text encoder (specification 3.3; open_clip's tokenizer, without its repair of mis-decoded text).
/// May be used from many threads.
/// </summary>
/// <param name="vocabulary">The vocabulary of the model that reads the ids.</param>
public sealed class ClipTokenizer(ClipVocabulary vocabulary)
{
    /// <summary>Positions of a row in every published CLIP model.</summary>
    public const int DefaultContextLength = 77;

    /// <summary>
    /// Characters that a text may have. Far more than fits a row; bounds the work on hostile input, whose cost grows with the square.
    /// </summary>
    public const int MaxCharacters = 4096;

    private const int CachedPieces = 4096;
    private const int CachedLength = 32; // longer pieces are rare, and would let one caller fill the memory

    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);

    /// <summary>The vocabulary.</summary>
    public ClipVocabulary Vocabulary { get; } = vocabulary;

    /// <summary>The text as it is tokenized: references decoded, white space folded, lower case.</summary>
    public static string Clean(string text)
    {
        return TextCleaning.Clean(text);
    }

    /// <summary>The ids of a text, of any number, without start and end marker.</summary>
    /// <param name="text">Any text. A marker written out in it becomes that marker's id, and an end marker ends the text for the
    /// encoder.</param>
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

    /// <summary>A row for the text encoder: start, ids, end, zeros.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="contextLength">Positions of the row, at least 2.</param>
    /// <param name="truncate">Cut a text that is too long, instead of refusing it; the last position then holds the end marker.</param>
    /// <exception cref="ArgumentException">The text is too long.</exception>
    public long[] EncodeRow(string text, int contextLength = DefaultContextLength, bool truncate = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 2);
        long[] row = new long[contextLength];
        EncodeRow(text, row, truncate);
        return row;
    }

    /// <summary>Writes a row into a batch; as the other overload, with the row's length as the context length.</summary>
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
