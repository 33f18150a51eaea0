using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Tests.Jobs;

public sealed class ComparisonTests
{
    [Fact]
    public void Scores_and_verdicts_are_added_up()
    {
        Comparison found = new Comparison()
            .With([
                new Compared("a", "1", new Outcome("normal", 0), new Outcome("anomalous", 0.5)),
                new Compared("b", "1", new Outcome("anomalous", 1), new Outcome("anomalous", 0.99)),
                new Compared("c", "1", Outcome.None, new Outcome("normal", 0.2)),
            ])
            .With([new Compared("d", "1", new Outcome("normal", 0.06), new Outcome("normal", 0.04))]);

        Assert.Equal((4L, 3L, 1L, 3L), (found.Images, found.Pairs, found.Flips, found.Judged));
        Assert.Equal(2.0 / 3, found.Agreement!.Value, 12);
        Assert.Equal((0.5 + 0.01 + 0.02) / 3, found.MeanDifference!.Value, 12);
        Assert.Equal([(0, 1), (1, 1), (19, 1)], found.Old.Select((n, bin) => (bin, (int)n)).Where(b => b.Item2 > 0));
        Assert.Equal([(0, 1), (10, 1), (19, 1)], found.New.Select((n, bin) => (bin, (int)n)).Where(b => b.Item2 > 0));
    }
}
