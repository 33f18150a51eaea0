using AaClip.Evaluation.Metrics;

namespace AaClip.Evaluation.Tests;

public sealed class BinomialTests
{
    // From exact sums of fractions.
    [Theory]
    [InlineData(0, 1, 0.95, 0.95)]
    [InlineData(0, 20, 0.95, 0.1391083406682867)]
    [InlineData(1, 10, 0.95, 0.39416330243652165)]
    [InlineData(3, 120, 0.95, 0.0633439410018674)]
    [InlineData(3, 120, 0.99, 0.08128587703145768)]
    [InlineData(14, 15, 0.95, 0.9965862870534105)]
    [InlineData(50, 300, 0.95, 0.20615717556254745)]
    [InlineData(15, 15, 0.95, 1)]
    [InlineData(0, 0, 0.95, 1)]
    public void The_bound_is_that_of_Clopper_and_Pearson(int hits, int all, double confidence, double expected)
    {
        Assert.Equal(expected, Binomial.UpperBound(hits, all, confidence), 1e-10);
    }

    [Fact]
    public void Many_draws_bring_the_bound_near_the_share()
    {
        Assert.InRange(Binomial.UpperBound(5_000, 100_000), 0.05, 0.0512); // 0.05 + 1.645 sqrt(0.05 * 0.95 / 100,000) = 0.05113
    }

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(4, 3)]
    public void Counts_that_cannot_be_are_refused(int hits, int all)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Binomial.UpperBound(hits, all));
    }
}
