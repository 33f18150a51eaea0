using System.Text;
using AaClip.Scoring.Text;

namespace AaClip.Import.Clip;

/// <summary>
/// Learns a small vocabulary from texts, for models that are too small for the published vocabulary (Sennrich et al. 2016, algorithm 1, on
/// bytes). Not optimised: intended for some hundred merges from some thousand sentences.
/// </summary>
public static class VocabularyTrainer
{
    /// <summary>Learns merges and writes them as a merge list that <see cref="ClipVocabulary.Load"/> reads.</summary>
    /// <param name="texts">Training texts; they are cleaned and split like in the tokenizer.</param>
    /// <param name="merges">Number of merges, at least 0; fewer are learned if every piece has become one token.</param>
    /// <param name="path">The file to write; gzip if its name ends with ".gz".</param>
    /// <returns>The vocabulary's size: 512 bytes, the merges learned, two markers.</returns>
    public static int Train(IEnumerable<string> texts, int merges, string path)
    {
        List<Merge> learned = Learn(texts, merges);
        MergeList.Write(path, learned);
        return 512 + learned.Count + 2;
    }

    internal static List<Merge> Learn(IEnumerable<string> texts, int merges)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(merges);

        Dictionary<string, int> pieces = CountPieces(texts);
        List<(List<string> Symbols, int Count)> words = [.. pieces.Select(p => (ToSymbols(p.Key), p.Value))];
        List<Merge> learned = [];
        while (learned.Count < merges && MostFrequentPair(words) is { } best)
        {
            learned.Add(new Merge(best.Left, best.Right, learned.Count + 2)); // line 1 is the header
            foreach ((List<string> symbols, _) in words)
                for (int i = 0; i + 1 < symbols.Count; i++)
                    if (symbols[i] == best.Left && symbols[i + 1] == best.Right)
                    {
                        symbols[i] += best.Right;
                        symbols.RemoveAt(i + 1);
                    }
        }

        return learned;
    }

    private static Dictionary<string, int> CountPieces(IEnumerable<string> texts)
    {
        Dictionary<string, int> pieces = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            string cleaned = TextCleaning.Clean(text);
            int at = 0;
            while (TextPieces.TryNext(cleaned, ref at, out ReadOnlySpan<char> span))
            {
                string piece = span.ToString();
                if (piece is not (ClipVocabulary.StartMarker or ClipVocabulary.EndMarker)) // markers have their own ids
                    pieces[piece] = pieces.GetValueOrDefault(piece) + 1;
            }
        }

        return pieces;
    }

    private static List<string> ToSymbols(string piece)
    {
        List<string> symbols = [.. Encoding.UTF8.GetBytes(piece).Select(b => ByteSymbols.Of(b).ToString())];
        symbols[^1] += ByteSymbols.EndOfWord;
        return symbols;
    }

    // For equal counts the first pair in ordinal order, so that the same texts always give the same file.
    private static (string Left, string Right)? MostFrequentPair(List<(List<string> Symbols, int Count)> words)
    {
        Dictionary<(string Left, string Right), int> counts = [];
        foreach ((List<string> symbols, int count) in words)
            for (int i = 0; i + 1 < symbols.Count; i++)
                counts[(symbols[i], symbols[i + 1])] = counts.GetValueOrDefault((symbols[i], symbols[i + 1])) + count;
        if (counts.Count == 0)
            return null;
        return counts
            .OrderByDescending(c => c.Value)
            .ThenBy(c => c.Key.Left, StringComparer.Ordinal)
            .ThenBy(c => c.Key.Right, StringComparer.Ordinal)
            .First()
            .Key;
    }
}
