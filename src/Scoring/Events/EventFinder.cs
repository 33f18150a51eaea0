using System.Globalization;

namespace AaClip.Scoring.Events;

/// <summary>
/// Events of a sequence of scores. An event is where the mean score over a shortest duration reaches a threshold: the same statistic that
/// <see cref="Calibrate"/> bounds. VadCLIP's own rule has a threshold relative to each recording, so that every recording has events of
/// every class; it is used for the published metric only. Pure functions.
/// </summary>
public static class EventFinder
{
    /// <summary>Snippets of a duration, at least 1.</summary>
    public static int Snippets(double seconds, double snippetSeconds) =>
        Math.Max(1, (int)Math.Ceiling(Math.Min(seconds / snippetSeconds - 1e-9, int.MaxValue)));

    /// <summary>
    /// The largest mean of each window: what a threshold is compared with. Means do not cross the ends of windows, for each is scored by
    /// itself.
    /// </summary>
    /// <param name="scores">[n], 0 to 1.</param>
    /// <param name="length">Snippets of a window.</param>
    /// <param name="shortest">Snippets of the mean; a shorter window takes all of its own.</param>
    public static IReadOnlyList<double> Peaks(IReadOnlyList<float> scores, int length, int shortest)
    {
        List<double> peaks = [];
        for (int start = 0; start < scores.Count; start += length)
            peaks.Add(Means(scores, start, Math.Min(length, scores.Count - start), shortest).Max(m => m.Mean));
        return peaks;
    }

    /// <summary>Finds the events.</summary>
    /// <param name="sequence">Scores of the snippets.</param>
    /// <param name="score">The branch to decide with.</param>
    /// <param name="length">Snippets of a window.</param>
    /// <param name="shortest">Snippets of the mean.</param>
    /// <param name="threshold">Means at or above this belong to an event.</param>
    /// <returns>In order of time; events that touch are one.</returns>
    public static IReadOnlyList<FoundEvent> Find(SequenceScores sequence, EventScore score, int length, int shortest, double threshold)
    {
        float[] scores = sequence.Of(score);
        List<(int From, int To, double Mean)> spans = [];
        for (int start = 0; start < scores.Length; start += length)
            foreach ((int from, int to, double mean) in Means(scores, start, Math.Min(length, scores.Length - start), shortest))
            {
                if (mean < threshold)
                    continue;
                if (spans.Count > 0 && from <= spans[^1].To)
                    spans[^1] = (spans[^1].From, to, Math.Max(mean, spans[^1].Mean));
                else
                    spans.Add((from, to, mean));
            }

        return [.. spans.Select(s => Describe(sequence, scores, s.From, s.To, s.Mean))];
    }

    /// <summary>
    /// The threshold for a share of normal windows (split conformal): of n windows of normal recordings, a new one exceeds it with a
    /// probability of at most the rate, if it is exchangeable with them.
    /// </summary>
    /// <param name="peaks"><see cref="Peaks"/> of normal recordings.</param>
    /// <param name="rate">Share of normal windows that may have an event, above 0 and below 1.</param>
    /// <returns>The smallest number above the peak that counts.</returns>
    /// <exception cref="InvalidDataException">There are too few windows for this rate; the message says how many are needed.</exception>
    public static double Calibrate(IReadOnlyList<double> peaks, double rate)
    {
        int index = (int)Math.Ceiling((peaks.Count + 1) * (1 - rate) - 1e-9); // of the sorted peaks, from 1
        if (index > peaks.Count || peaks.Count == 0)
            throw new InvalidDataException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{peaks.Count} windows of normal recordings cannot bound a rate of {rate}: record at least "
                        + $"{Math.Ceiling(1 / rate - 1 - 1e-9):F0}, or choose a higher rate."
                )
            );
        return double.BitIncrement(peaks.Order().ElementAt(Math.Max(index, 1) - 1));
    }

    private static IEnumerable<(int From, int To, double Mean)> Means(IReadOnlyList<float> scores, int start, int count, int shortest)
    {
        int span = Math.Min(shortest, count);
        for (int from = start; from + span <= start + count; from++)
        {
            double sum = 0; // anew for each, so that the mean depends on its own scores alone
            for (int i = from; i < from + span; i++)
                sum += scores[i];
            yield return (from, from + span, sum / span);
        }
    }

    private static FoundEvent Describe(SequenceScores sequence, float[] scores, int from, int to, double mean)
    {
        int classes = sequence.Classes,
            best = 1;
        double[] sums = new double[classes];
        float peak = 0;
        for (int i = from; i < to; i++)
        {
            peak = Math.Max(peak, scores[i]);
            for (int c = 0; c < classes; c++)
                sums[c] += sequence.ClassProbabilities[i * classes + c];
        }

        for (int c = 2; c < classes; c++)
            if (sums[c] > sums[best])
                best = c;
        return new FoundEvent(from, to, best, sums[best] / (to - from), mean, peak);
    }
}

/// <summary>An event of a sequence.</summary>
/// <param name="From">First snippet.</param>
/// <param name="To">Snippet after the last one.</param>
/// <param name="Class">Number of the abnormal class with the largest mean probability.</param>
/// <param name="Probability">That mean probability.</param>
/// <param name="Score">The largest mean score over the shortest duration.</param>
/// <param name="Peak">The largest score of a snippet.</param>
public sealed record FoundEvent(int From, int To, int Class, double Probability, double Score, double Peak);
