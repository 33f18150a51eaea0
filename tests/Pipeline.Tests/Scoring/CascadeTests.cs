using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring.Packages;

namespace AaClip.Pipeline.Tests.Scoring;

public sealed class CascadeTests
{
    private static readonly ScorePart Seen = new(Verdict.Anomalous, 0.3f, 12, 0.1, 0.6, 0.09, ScorePart.Neutral);

    [Theory]
    [InlineData(0.2, 0.2)]
    [InlineData(0.7, 0.2)]
    [InlineData(double.NaN, 0.2)]
    public void What_reaches_the_limit_is_not_settled(double raw, double settles) =>
        Assert.Null(Cascade.Settled(raw, settles, Seen, 0.5, neutral: false));

    [Theory]
    [InlineData(0.199, 0.2, 0.5)]
    [InlineData(0.1, 0.2, 0.02)]
    [InlineData(0.1, 0.9, 0.999)]
    [InlineData(-3, 0.2, 0.4)]
    public void A_settled_image_is_normal_and_has_the_lowest_quarter_of_the_scale(double raw, double settles, double threshold)
    {
        ScorePart score = Cascade.Settled(raw, settles, Seen, threshold, neutral: false)!;

        Assert.Equal(
            (Verdict.Normal, 0.3f, 12f, threshold, null),
            (score.Verdict, score.Detection, score.MapMax, score.Threshold, score.Calibration)
        );
        Assert.Equal(Math.Max(0, raw / settles / 4), score.Calibrated!.Value, 1e-12);
        Assert.InRange(score.Calibrated.Value, 0, Cascade.Top);
        Assert.Equal(score.Calibrated.Value, Calibration.Calibrated(score.Raw!.Value, threshold), 1e-12);
    }

    [Fact]
    public void At_another_threshold_a_settled_image_stays_normal_with_the_same_calibrated_score()
    {
        ScorePart before = Cascade.Settled(0.1, 0.2, Seen, 0.5, neutral: true)!;

        ScorePart after = Cascade.Rescaled(before, 0.01, neutral: true);

        Assert.Equal(
            (Verdict.Normal, before.Calibrated, 0.01, ScorePart.Neutral),
            (after.Verdict, after.Calibrated, after.Threshold, after.Calibration)
        );
        Assert.True(after.Raw < 0.01);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("full@1", true)]
    [InlineData("full@2", false)]
    public void The_first_model_is_asked_only_beside_the_model_that_it_was_calibrated_against(string? against, bool asked)
    {
        string? reason = Cascade.Stale(new FirstModel("small@1", 0.2, against), "full@1");

        Assert.Equal(asked, reason is null);
        if (!asked)
            Assert.Contains(
                "calibrated against full@2, but full@1 is live: run 'aaclip calibrate --first' again",
                reason,
                StringComparison.Ordinal
            );
    }
}
