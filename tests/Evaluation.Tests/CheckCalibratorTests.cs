namespace AaClip.Evaluation.Tests;

public sealed class CheckCalibratorTests
{
    [Fact]
    public void A_new_real_picture_is_flagged_with_at_most_the_requested_probability()
    {
        const double Alpha = 0.1;
        const int Pictures = 29,
            Draws = 20_000;
        Random random = new(5);
        double Draw() => Math.Pow(random.NextDouble(), 4);
        int flagged = 0,
            small = 0;

        for (int i = 0; i < Draws; i++)
        {
            CheckCalibration found = CheckCalibrator.OfReal([.. Enumerable.Range(0, Pictures).Select(_ => Draw())], Alpha);
            double next = Draw();
            flagged += next >= found.Threshold ? 1 : 0;
            small += found.Levels.Any(l => l.P <= 0.05 && next >= l.From) ? 1 : 0;
        }

        // The 27th smallest of 29: 3 of 30 ranks lie above. Three standard errors are 0.0064
        Assert.InRange((double)flagged / Draws, 0.1 - 0.0064, 0.1 + 0.0064);
        Assert.InRange((double)small / Draws, 0.02, 0.05);
    }

    [Fact]
    public void The_threshold_lies_just_above_the_quantile_and_the_bound_is_told()
    {
        double[] real = [.. Enumerable.Range(1, 199).Select(i => i / 200.0)];

        CheckCalibration found = CheckCalibrator.OfReal(real, 0.01);

        Assert.Equal(Math.BitIncrement(198 / 200.0), found.Threshold);
        Assert.Equal(0.01, found.FalseAlarms, 1e-12);
        Assert.Equal([0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005], found.Levels.Select(l => l.P));
        Assert.Equal(found.Levels.Select(l => l.From).Order(), found.Levels.Select(l => l.From));
        Assert.Equal(found.Threshold, found.Levels.Single(l => l.P == 0.01).From);
    }

    [Fact]
    public void Few_pictures_give_the_bound_that_they_allow()
    {
        CheckCalibration found = CheckCalibrator.OfReal([0.2, 0.4, 0.3], 0.01);

        Assert.Equal(Math.BitIncrement(0.4), found.Threshold);
        Assert.Equal(0.25, found.FalseAlarms, 1e-12);
        Assert.Equal([0.5], found.Levels.Select(l => l.P));
    }

    [Fact]
    public void A_check_that_is_certain_of_real_pictures_gives_no_threshold()
    {
        InvalidDataException wrong = Assert.Throws<InvalidDataException>(() => CheckCalibrator.OfReal([1, 1, 0.2], 0.01));

        Assert.Contains("a probability of 1, so no threshold", wrong.Message, StringComparison.Ordinal);
        Assert.Equal(1, CheckCalibrator.OfReal([.. Enumerable.Repeat(0.1, 9), 1], 0.5).Levels[^1].From);
    }

    [Fact]
    public void Without_pictures_there_is_no_calibration() => Assert.Throws<ArgumentException>(() => CheckCalibrator.OfReal([], 0.01));
}
