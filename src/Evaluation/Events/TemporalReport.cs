using AaClip.Evaluation.Metrics;
using AaClip.Scoring.Events;

namespace AaClip.Evaluation.Events;

/// <summary>Metrics of a temporal model on labelled recordings, 0 to 1; null where one is not defined.</summary>
/// <param name="Recordings">Number of recordings.</param>
/// <param name="Abnormal">Those that are not normal.</param>
/// <param name="Frames">Frames that were scored.</param>
/// <param name="Binary">Frame metrics of p1: the published ones of UCF-Crime.</param>
/// <param name="Alignment">Frame metrics of p2: the published ones of XD-Violence.</param>
/// <param name="EventMap">mAP at overlaps of 0.1 to 0.5 over all recordings, as in the published code.</param>
/// <param name="EventMapAbnormal">The same over abnormal recordings alone, as the paper says.</param>
public sealed record TemporalReport(
    int Recordings,
    int Abnormal,
    long Frames,
    FrameMetrics Binary,
    FrameMetrics Alignment,
    IReadOnlyList<double>? EventMap,
    IReadOnlyList<double>? EventMapAbnormal
)
{
    /// <summary>Measures scores (VadCLIP, src/ucf_test.py and src/xd_test.py): over the frames of all recordings together.</summary>
    /// <param name="classes">Names of the classes, the normal one first.</param>
    /// <param name="snippetFrames">Frames of a snippet, each of which has the snippet's score.</param>
    public static TemporalReport Of(
        IReadOnlyList<(Recording Recording, SequenceScores Scores)> recordings,
        IReadOnlyList<string> classes,
        int snippetFrames
    )
    {
        List<(Recording Recording, SequenceScores Scores)> abnormal = [.. recordings.Where(r => !r.Recording.IsNormal)];
        return new TemporalReport(
            recordings.Count,
            abnormal.Count,
            recordings.Sum(r => (long)r.Scores.Count * snippetFrames),
            FrameMetrics.Of(recordings, abnormal, EventScore.Binary, snippetFrames),
            FrameMetrics.Of(recordings, abnormal, EventScore.Alignment, snippetFrames),
            Events.EventMap.Of(recordings, classes, snippetFrames),
            Events.EventMap.Of(abnormal, classes, snippetFrames)
        );
    }
}

/// <summary>Metrics over frames.</summary>
/// <param name="Auc">Area under the ROC curve.</param>
/// <param name="AucAbnormal">The same over abnormal recordings alone.</param>
/// <param name="Ap">Average precision.</param>
public sealed record FrameMetrics(double? Auc, double? AucAbnormal, double? Ap)
{
    internal static FrameMetrics Of(
        IReadOnlyList<(Recording, SequenceScores)> all,
        IReadOnlyList<(Recording, SequenceScores)> abnormal,
        EventScore score,
        int snippetFrames
    )
    {
        Ranking whole = Rank(all, score, snippetFrames),
            part = Rank(abnormal, score, snippetFrames);
        return new FrameMetrics(
            whole.Defined ? whole.Auroc() : null,
            part.Defined ? part.Auroc() : null,
            whole.Defined ? whole.AveragePrecision() : null
        );
    }

    private static Ranking Rank(IReadOnlyList<(Recording Recording, SequenceScores Scores)> recordings, EventScore score, int snippetFrames)
    {
        List<float> positives = [],
            negatives = [];
        foreach ((Recording recording, SequenceScores scores) in recordings)
        {
            bool[] happens = new bool[scores.Count * snippetFrames];
            foreach (LabelledEvent e in recording.Events)
                happens.AsSpan(Math.Min(e.From, happens.Length), Math.Max(0, Math.Min(e.To, happens.Length) - e.From)).Fill(true);
            float[] snippets = scores.Of(score);
            for (int i = 0; i < happens.Length; i++)
                (happens[i] ? positives : negatives).Add(snippets[i / snippetFrames]);
        }

        return new Ranking([.. positives], [.. negatives]);
    }
}
