using AaClip.Scoring.Events;

namespace AaClip.Evaluation.Events;

/// <summary>
/// Mean average precision of localised events, as VadCLIP's code measures it (src/utils/ucf_detectionMAP.py). Per class and recording, runs
/// of frames above max − 0.6·(max − min) of the class's probability are predictions; so every recording has predictions of every class,
/// which serves to compare models and not to raise alarms. The mean differs: the published code takes every class, with 0 for one without
/// events. Its normal class has none for UCF-Crime (the labels "A" and "Normal" do not meet), so its values are 13/14 of these; for
/// XD-Violence each normal recording is an event of the normal class.
/// </summary>
public static class EventMap
{
    private const double Depth = 0.6; // of the relative threshold, below the maximum
    private const double Background = 0.7; // weight of the recording's own mean in the score of a prediction
    private const double Overlap = 0.6; // from which the weaker of two predictions is dropped
    private const int ShortestRun = 2; // frames
    private const int TopShare = 16; // the mean is over the highest 1/16 of the frames

    /// <summary>The overlaps at which the published tables have a value.</summary>
    public static IReadOnlyList<double> Overlaps { get; } = [0.1, 0.2, 0.3, 0.4, 0.5];

    /// <summary>mAP at each of <see cref="Overlaps"/>, 0 to 1: the mean over abnormal classes that have events; null if none has.</summary>
    /// <param name="recordings">Recordings with their scores.</param>
    /// <param name="classes">Names of the classes, the normal one first.</param>
    /// <param name="snippetFrames">Frames of a snippet.</param>
    public static IReadOnlyList<double>? Of(
        IReadOnlyList<(Recording Recording, SequenceScores Scores)> recordings,
        IReadOnlyList<string> classes,
        int snippetFrames
    )
    {
        List<double[]> ofClasses = [];
        for (int c = 1; c < classes.Count; c++)
        {
            List<Span> truths =
            [
                .. recordings.SelectMany(
                    (r, i) => r.Recording.Events.Where(e => e.Label == classes[c]).Select(e => new Span(i, e.From, e.To, 0))
                ),
            ];
            if (truths.Count == 0)
                continue;
            Span[] predictions =
            [
                // Stable: equal scores stay in order of recordings
                .. recordings.SelectMany((r, i) => Predictions(Column(r.Scores, c, snippetFrames), i)).OrderByDescending(p => p.Score),
            ];
            ofClasses.Add([.. Overlaps.Select(o => Precision(predictions, truths, o))]);
        }

        return ofClasses.Count == 0 ? null : [.. Overlaps.Select((_, i) => ofClasses.Average(a => a[i]))];
    }

    // The probability of a class for each frame.
    private static float[] Column(SequenceScores scores, int c, int snippetFrames)
    {
        float[] frames = new float[scores.Count * snippetFrames];
        for (int i = 0; i < scores.Count; i++)
            frames.AsSpan(i * snippetFrames, snippetFrames).Fill(scores.ClassProbabilities[i * scores.Classes + c]);
        return frames;
    }

    private static List<Span> Predictions(float[] frames, int recording)
    {
        float largest = frames.Max(),
            threshold = largest - (largest - frames.Min()) * (float)Depth;
        int top = frames.Length / TopShare;
        double mean = top == 0 ? 0 : frames.OrderDescending().Take(top).Average(p => (double)p);
        List<Span> found = [];
        int from = -1;
        for (int i = 0; i <= frames.Length; i++)
        {
            bool above = i < frames.Length && frames[i] > threshold;
            if (above && from < 0)
                from = i;
            if (above || from < 0)
                continue;
            if (i - from >= ShortestRun)
                found.Add(new Span(recording, from, i, frames.AsSpan(from, i - from).ToArray().Max() + Background * mean));
            from = -1;
        }

        // Non-maximum suppression
        List<Span> kept = [];
        foreach (Span span in found.OrderByDescending(s => s.Score))
            if (kept.TrueForAll(k => k.Share(span) <= Overlap))
                kept.Add(span);
        return kept;
    }

    // Each prediction takes the event that it overlaps most, if that is enough; an event is taken once.
    private static double Precision(Span[] predictions, List<Span> truths, double overlap)
    {
        List<Span> left = [.. truths];
        int hits = 0;
        double sum = 0;
        for (int i = 0; i < predictions.Length; i++)
        {
            Span? best = left.Where(t => t.Recording == predictions[i].Recording && t.Share(predictions[i]) >= overlap)
                .MaxBy(t => t.Share(predictions[i]));
            if (best is null)
                continue;
            left.Remove(best);
            sum += (double)++hits / (i + 1);
        }

        return sum / truths.Count;
    }

    private sealed record Span(int Recording, int From, int To, double Score)
    {
        // Intersection over union
        public double Share(Span other)
        {
            int both = Math.Max(0, Math.Min(To, other.To) - Math.Max(From, other.From));
            return (double)both / (To - From + other.To - other.From - both);
        }
    }
}
