using AaClip.Scoring.Events;

namespace AaClip.Scoring.Tests.Events;

/// <summary>Windows of a sequence, and events of its scores.</summary>
public sealed class EventFinderTests
{
    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(3, new[] { 3 })]
    [InlineData(4, new[] { 4, 4 })] // as published: a window of zeros that counts as full
    [InlineData(5, new[] { 4, 1 })]
    [InlineData(8, new[] { 4, 4, 4 })]
    public void A_sequence_is_cut_into_padded_windows(int count, int[] valid)
    {
        float[] features = [.. Enumerable.Range(1, 2 * count).Select(i => (float)i)];

        IReadOnlyList<SnippetWindow> windows = SnippetWindows.Cut(features, width: 2, length: 4);

        Assert.Equal(valid, windows.Select(w => w.Valid));
        Assert.Equal([.. features, .. new float[8 * windows.Count - features.Length]], windows.SelectMany(w => w.Features));
    }

    [Fact]
    public void An_event_is_where_the_mean_over_the_shortest_time_reaches_the_threshold()
    {
        // Two snippets of 0.9 are an event of three with a mean of 0.6 and more; one alone is none
        SequenceScores scores = Scores(0, 0.9f, 0, 0, 0, 0.9f, 0.9f, 0.3f, 0, 0);

        FoundEvent found = Assert.Single(EventFinder.Find(scores, EventScore.Binary, 100, shortest: 3, threshold: 0.59));

        Assert.Equal((4, 8), (found.From, found.To)); // 0, 0.9, 0.9 has a mean of 0.6, too
        Assert.Equal(0.7, found.Score, 6);
        Assert.Equal(0.9, found.Peak, 6);
        Assert.Empty(EventFinder.Find(scores, EventScore.Binary, 100, 3, 0.71));
    }

    [Fact]
    public void Means_do_not_cross_windows_but_events_that_touch_are_one()
    {
        SequenceScores scores = Scores(0, 0, 0.8f, 0.8f, 0.8f, 0.8f, 0, 0);

        Assert.Equal((2, 6), Bounds(EventFinder.Find(scores, EventScore.Binary, 4, 2, 0.8)));
        Assert.Empty(EventFinder.Find(Scores(0, 0, 0, 0.8f, 0.8f, 0, 0, 0), EventScore.Binary, 4, 2, 0.8));
        Assert.Equal([0.8, 0.8], EventFinder.Peaks(scores.Binary, 4, 2).Select(p => Math.Round(p, 6)));

        static (int, int) Bounds(IReadOnlyList<FoundEvent> events) => (Assert.Single(events).From, events[0].To);
    }

    [Fact]
    public void The_class_is_the_abnormal_one_with_the_largest_mean()
    {
        float[] classes = [0.8f, 0.1f, 0.1f, 0.1f, 0.4f, 0.5f, 0.2f, 0.6f, 0.2f];
        SequenceScores scores = new([0.1f, 0.9f, 0.9f], [0.2f, 0.9f, 0.8f], classes, [3]);

        FoundEvent found = Assert.Single(EventFinder.Find(scores, EventScore.Alignment, 10, 2, 0.8));

        Assert.Equal((1, 3, 1), (found.From, found.To, found.Class));
        Assert.Equal(0.5, found.Probability, 6);
    }

    [Fact]
    public void A_calibrated_threshold_is_exceeded_by_the_given_share_of_normal_windows()
    {
        double[] peaks = [.. Enumerable.Range(1, 99).Select(i => i / 100.0)];

        double threshold = EventFinder.Calibrate(peaks, 0.05); // the 95th of 100, the new one included

        Assert.Equal(4, peaks.Count(p => p >= threshold));
        Assert.Equal(5, peaks.Count(p => p >= Math.BitDecrement(threshold)));
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => EventFinder.Calibrate([.. peaks.Take(18)], 0.05));
        Assert.Contains("record at least 19", e.Message, StringComparison.Ordinal);
        Assert.Equal(4, EventFinder.Snippets(2, 16 / 30.0));
        Assert.Equal(1, EventFinder.Snippets(0.5, 16 / 30.0));
    }

    private static SequenceScores Scores(params float[] binary) =>
        new(binary, binary, [.. binary.SelectMany(p => (float[])[1 - p, p])], [binary.Length]);
}
