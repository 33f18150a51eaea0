using AaClip.Pipeline.Results.Counts;

namespace AaClip.Pipeline.Tests.Results.Counts;

public class DriftTests
{
    [Fact]
    public void Scores_that_stay_the_same_have_no_drift()
    {
        ScoreBins reference = Normal(1, 5000, 0.3, 0.05);

        Assert.Equal(0, Drift.Index(reference, reference)!.Value, 12);
        Assert.InRange(Drift.Index(reference, Normal(2, 1000, 0.3, 0.05))!.Value, 0, Drift.Moderate / 2);
    }

    [Theory]
    [InlineData(0.02, Drift.Moderate, 0.25)] // 0.4 standard deviations: about their square, 0.16
    [InlineData(0.05, 0.6, 1.5)] // one: about 1
    [InlineData(-0.05, 0.6, 1.5)]
    [InlineData(0.5, 3, 20)]
    public void Scores_that_move_drift_by_about_the_square_of_their_move(double move, double least, double most)
    {
        ScoreBins reference = Normal(1, 5000, 0.3, 0.05);

        Assert.InRange(Drift.Index(reference, Normal(2, 5000, 0.3 + move, 0.05))!.Value, least, most);
    }

    [Fact]
    public void The_index_is_that_of_a_table_counted_by_hand()
    {
        // Two groups of the reference: bins up to 10, and above. Shares with 0.5 added: 300.5/601 and 300.5/601; 150.5/601 and 450.5/601.
        ScoreBins reference = Bins((10, 300), (20, 300)),
            recent = Bins((9, 150), (30, 450));
        double low = 150.5 / 601,
            high = 450.5 / 601;

        double wanted = (low - 0.5) * Math.Log(low / 0.5) + (high - 0.5) * Math.Log(high / 0.5);

        Assert.Equal(wanted, Drift.Index(reference, recent)!.Value, 12);
    }

    [Fact]
    public void A_reference_within_one_bin_still_shows_a_move()
    {
        ScoreBins reference = Bins((10, 1000));

        Assert.Equal(0, Drift.Index(reference, Bins((10, 1000)))!.Value, 12);
        Assert.True(Drift.Index(reference, Bins((11, 1000))) > Drift.Large);
        Assert.True(Drift.Index(reference, Bins((9, 1000))) > Drift.Large);
    }

    [Theory]
    [InlineData(199, 5000)]
    [InlineData(5000, 199)]
    [InlineData(0, 0)]
    public void Too_few_scores_give_no_index(int reference, int recent)
    {
        Assert.Null(Drift.Index(Normal(1, reference, 0.3, 0.1), Normal(2, recent, 0.3, 0.1)));
    }

    private static ScoreBins Bins(params (int Bin, int Count)[] counts)
    {
        ScoreBins bins = new();
        foreach ((int bin, int count) in counts)
            for (int i = 0; i < count; i++)
                bins.Add(bin / 256.0);
        return bins;
    }

    private static ScoreBins Normal(int seed, int count, double mean, double deviation)
    {
        Random random = new(seed);
        ScoreBins bins = new();
        for (int i = 0; i < count; i++)
            bins.Add(mean + deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return bins;
    }
}
