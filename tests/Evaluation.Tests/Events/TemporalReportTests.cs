using AaClip.Evaluation.Events;
using AaClip.Scoring.Events;

namespace AaClip.Evaluation.Tests.Events;

/// <summary>Frame metrics and event mAP against numbers worked out by hand.</summary>
public sealed class TemporalReportTests
{
    private static readonly string[] Classes = ["normal", "jam", "spill"];

    [Fact]
    public void Frame_metrics_count_every_frame_of_all_recordings()
    {
        // 2 frames in a snippet. Abnormal frames: 2 and 3 of the second recording (p 0.9), and frame 4 (p 0.3)
        (Recording, SequenceScores)[] recordings =
        [
            (new Recording("a", ["normal"], []), Scores([0.1f, 0.4f], [0.1f, 0.2f])),
            (new Recording("b", ["jam"], [new LabelledEvent(2, 5, "jam")]), Scores([0.2f, 0.9f, 0.3f], [0.8f, 0.9f, 0.7f])),
        ];

        TemporalReport report = TemporalReport.Of(recordings, Classes, 2);

        Assert.Equal((2, 1, 10L), (report.Recordings, report.Abnormal, report.Frames));
        // Positives 0.9 0.9 0.3; negatives 0.1 0.1 0.4 0.4 0.2 0.2 0.3: 7 + 7 + (4 + ½) of 21 pairs
        Assert.Equal(18.5 / 21, report.Binary.Auc!.Value, 9);
        // Within the abnormal one negatives are 0.2 0.2 0.3: 3 + 3 + 2½ of 9
        Assert.Equal(8.5 / 9, report.Binary.AucAbnormal!.Value, 9);
        // 0.9: 2 of 2; 0.4: 2 of 4; 0.3: 3 of 6
        Assert.Equal(2 / 3.0 + 1 / 3.0 * 3 / 6, report.Binary.Ap!.Value, 9);
        // p2: 0.9 0.9 0.7 against 0.1 0.1 0.2 0.2 0.8 0.8 0.7
        Assert.Equal((7 + 7 + 4.5) / 21, report.Alignment.Auc!.Value, 9);
    }

    [Fact]
    public void An_event_counts_at_the_overlaps_that_its_prediction_reaches()
    {
        // Snippets of 16 frames. The run above the threshold is frames 16 to 48; the event is 16 to 96: an overlap of 0.4
        (Recording, SequenceScores)[] recordings =
        [
            (new Recording("a", ["jam"], [new LabelledEvent(16, 96, "jam")]), Classified([0.05f, 0.9f, 0.9f, 0.05f, 0.05f, 0.05f, 0.05f])),
        ];

        IReadOnlyList<double>? map = EventMap.Of(recordings, Classes, 16);

        Assert.Equal([1, 1, 1, 1, 0], map);
        Assert.Null(EventMap.Of([(new Recording("n", ["normal"], []), Classified([0.1f, 0.2f]))], Classes, 16));
    }

    [Fact]
    public void A_higher_prediction_in_a_normal_recording_halves_the_precision_of_the_published_code()
    {
        (Recording, SequenceScores)[] recordings =
        [
            (new Recording("a", ["jam"], [new LabelledEvent(16, 48, "jam")]), Classified([0.05f, 0.8f, 0.8f, 0.05f])),
            (new Recording("n", ["normal"], []), Classified([0.1f, 0.95f, 0.1f, 0.1f])),
        ];

        TemporalReport report = TemporalReport.Of(recordings, Classes, 16);

        Assert.Equal([0.5, 0.5, 0.5, 0.5, 0.5], report.EventMap);
        Assert.Equal([1, 1, 1, 1, 1], report.EventMapAbnormal);
    }

    [Fact]
    public void Two_runs_for_one_event_are_one_hit_and_the_event_is_found_once()
    {
        // Runs 16–48 (lower) and 64–80 (higher score); the event covers both. The higher one has an overlap of 16/64, the lower of 32/64
        (Recording, SequenceScores)[] recordings =
        [
            (new Recording("a", ["jam"], [new LabelledEvent(16, 80, "jam")]), Classified([0.05f, 0.8f, 0.8f, 0.05f, 0.9f, 0.05f])),
        ];

        IReadOnlyList<double>? map = EventMap.Of(recordings, Classes, 16);

        // At 0.1 and 0.2 the first prediction hits; from 0.3 on only the second does, at rank 2
        Assert.Equal([1, 1, 0.5, 0.5, 0.5], map);
    }

    private static SequenceScores Scores(float[] binary, float[] alignment) =>
        new(binary, alignment, [.. alignment.SelectMany(p => (float[])[1 - p, p / 2, p / 2])], [binary.Length]);

    private static SequenceScores Classified(float[] jam) => new(jam, jam, [.. jam.SelectMany(p => (float[])[1 - p, p, 0])], [jam.Length]);
}
