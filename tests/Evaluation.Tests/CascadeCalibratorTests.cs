namespace AaClip.Evaluation.Tests;

public sealed class CascadeCalibratorTests
{
    // With uniform scores, the share of images below a limit is the limit itself.
    [Theory]
    [InlineData(0.01, 299)]
    [InlineData(0.01, 1000)]
    [InlineData(0.05, 150)]
    [InlineData(0.05, 40)]
    [InlineData(0.2, 5)]
    public void In_nineteen_of_twenty_calibrations_no_more_is_missed_than_the_bound_says(double miss, int images)
    {
        Random random = new(3);
        const int Rounds = 4000;
        int broken = 0;
        double bound = 0;
        for (int round = 0; round < Rounds; round++)
        {
            CascadeLimit limit = CascadeCalibrator.Limit([.. Enumerable.Range(0, images).Select(_ => random.NextDouble())], miss);
            bound = limit.Bound;
            broken += limit.Settles > limit.Bound ? 1 : 0;
            Assert.Equal(images, limit.Given);
        }

        Assert.Equal(images >= CascadeCalibrator.Needed(miss), bound <= miss);
        double noise = 4 * Math.Sqrt(0.05 * 0.95 / Rounds); // four standard deviations
        Assert.InRange((double)broken / Rounds, 0.05 - noise, 0.05 + noise);
    }

    [Theory]
    [InlineData(0.01, 299)]
    [InlineData(0.05, 59)]
    [InlineData(0.1, 29)]
    public void One_image_less_than_needed_does_not_reach_the_bound(double miss, int needed)
    {
        Assert.Equal(needed, CascadeCalibrator.Needed(miss));
        Assert.True(Limit(needed).Bound <= miss);
        Assert.True(Limit(needed - 1).Bound > miss);
        Assert.Equal((1, 0), (Limit(needed - 1).Settles, Limit(needed - 1).Missed)); // the smallest score: none is settled

        CascadeLimit Limit(int count) => CascadeCalibrator.Limit([.. Enumerable.Range(1, count).Select(i => (double)i)], miss);
    }

    [Fact]
    public void The_limit_is_the_largest_that_keeps_the_bound()
    {
        double[] scores = [.. Enumerable.Range(1, 1000).Select(i => i / 1001.0)];

        CascadeLimit limit = CascadeCalibrator.Limit(scores, 0.02);

        Assert.Equal(limit.Missed, scores.Count(s => s < limit.Settles));
        Assert.InRange(limit.Bound, 0.018, 0.02);
        Assert.True(Metrics.Binomial.UpperBound(limit.Missed + 1, 1000) > 0.02);
    }

    [Fact]
    public void Equal_scores_are_settled_together_or_not_at_all()
    {
        CascadeLimit limit = CascadeCalibrator.Limit([.. Enumerable.Repeat(0.5, 200)], 0.05);

        Assert.Equal((0.5, 0), (limit.Settles, limit.Missed));
    }

    [Fact]
    public void A_limit_above_the_largest_is_lowered_and_keeps_its_bound()
    {
        double[] scores = [.. Enumerable.Range(1, 300).Select(i => 2.0 + i)];

        CascadeLimit limit = CascadeCalibrator.Limit(scores, 0.02, most: 0.5);

        Assert.Equal((0.5, 0, CascadeCalibrator.Limit(scores, 0.02).Bound), (limit.Settles, limit.Missed, limit.Bound));
    }

    [Fact]
    public void Without_images_that_the_full_model_finds_there_is_no_limit() =>
        Assert.Throws<ArgumentException>(() => CascadeCalibrator.Limit([], 0.01));

    [Theory]
    [InlineData(1, 10, 0.9, 5.0)]
    [InlineData(1, 10, 0, 10.0 / 11)]
    public void The_speed_up_counts_both_models(double first, double full, double settled, double expected) =>
        Assert.Equal(expected, CascadeCalibrator.SpeedUp(first, full, settled), 1e-12);
}
