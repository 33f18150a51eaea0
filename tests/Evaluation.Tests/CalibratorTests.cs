using AaClip.Import.Methods;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Evaluation.Tests;

public sealed class CalibratorTests
{
    [Theory]
    [InlineData(0.05, 200, Domain.Industrial)]
    [InlineData(0.1, 30, Domain.Industrial)]
    [InlineData(0.01, 20, Domain.Industrial)]
    [InlineData(0.01, 5, Domain.Industrial)]
    [InlineData(0.01, 5, Domain.Medical)]
    public void New_normal_images_exceed_the_threshold_no_more_often_than_is_said(double rate, int images, Domain domain)
    {
        Random random = new(5);
        double alarms = 0,
            bound = 0;
        const int Rounds = 20_000;
        for (int round = 0; round < Rounds; round++)
        {
            CalibrationResult result = Calibrator.FromNormals([.. Enumerable.Range(0, images).Select(_ => Draw(random))], rate, domain);
            Observed fresh = Draw(random);
            alarms += result.Calibration.Raw(fresh.MapMax, fresh.Detection, domain) >= result.Calibration.Threshold ? 1 : 0;
            bound = result.FalseAlarms;
            Assert.True(result.Guaranteed);
        }

        Assert.Equal(images >= Calibrator.Needed(rate, domain, scaled: false), bound <= rate + 1e-12);
        double noise = 4 * Math.Sqrt(bound * (1 - bound) / Rounds); // four standard deviations
        Assert.InRange(alarms / Rounds, bound / 2 - noise, bound + noise);
    }

    [Fact]
    public void Few_images_can_set_scale_and_threshold_all_together_without_a_guarantee()
    {
        Random random = new(5);
        Observed[] normals = [.. Enumerable.Range(0, 4).Select(_ => Draw(random))];

        CalibrationResult result = Calibrator.FromNormals(normals, 0.05, Domain.Industrial, split: false);

        Assert.False(result.Guaranteed);
        Assert.Equal(0.2, result.FalseAlarms, 1e-12); // one of five
        Assert.Equal(normals.Min(n => n.MapMin), result.Calibration.MapMin);
        Assert.Equal(normals.Min(n => n.Detection), result.Calibration.DetectionMin);
        double[] raw = [.. normals.Select(n => n.Raw(result.Calibration, Domain.Industrial))];
        Assert.All(raw, r => Assert.InRange(r, 0, result.Calibration.Threshold));
    }

    // The order of the images is the same on every scale, so all of them set the threshold, and the map has no part in the score.
    [Fact]
    public void Of_a_method_with_the_detection_score_alone_every_image_sets_the_threshold()
    {
        Method method = MethodInfo.Find("anomalyclip").Options(24);
        Random random = new(5);
        double alarms = 0;
        const int Rounds = 20_000;
        for (int round = 0; round < Rounds; round++)
        {
            Observed[] normals = [.. Enumerable.Range(0, 19).Select(_ => Probability(random))];
            CalibrationResult result = Calibrator.FromNormals(normals, 0.05, Domain.Industrial, method: method);
            Observed fresh = Probability(random);
            Assert.Equal(0.05, result.FalseAlarms, 1e-12);
            Assert.Equal((0, 1), (result.Calibration.MapShare, result.Calibration.MapLimit));
            // Without the limit, it would be four times as far above the threshold as the threshold above the minimum
            Assert.InRange(result.Calibration.HeatmapScale.High, result.Calibration.MapThreshold, 1.25f);
            double raw = result.Calibration.Raw(fresh.MapMax, fresh.Detection, Domain.Industrial);
            Assert.Equal(raw, result.Calibration.Raw(0, fresh.Detection, Domain.Medical));
            alarms += raw >= result.Calibration.Threshold ? 1 : 0;
        }

        Assert.Equal(19, Calibrator.Needed(0.05, Domain.Industrial, scaled: false, method));
        Assert.InRange(alarms / Rounds, 0.04, 0.06);

        static Observed Probability(Random random) => new(0.01f, 0.1f + 0.8f * random.NextSingle(), random.NextSingle());
    }

    [Fact]
    public void With_defects_the_threshold_lies_between_the_two()
    {
        Observed[] good = [new(0, 1, 0.1f), new(0, 1.2f, 0.12f)],
            bad = [new(0, 3, 0.5f), new(0, 4, 0.6f)];

        CalibrationResult result = Calibrator.FromDefects(good, bad, Domain.Industrial);

        Assert.Equal((0.0, 1.0), (result.FalseAlarms, result.Found));
        Assert.InRange(result.Calibration.MapThreshold, 1.2f, 3f);
        Assert.All(good, o => Assert.True(Score(result.Calibration, o) < 0.5));
        Assert.All(bad, o => Assert.True(Score(result.Calibration, o) > 0.5));
    }

    [Fact]
    public void Images_that_are_all_alike_still_give_a_scale()
    {
        CalibrationResult result = Calibrator.FromNormals([new(1, 1, 0.5f), new(1, 1, 0.5f)], 0.1, Domain.Medical);
        CalibrationResult single = Calibrator.FromNormals([new(1, 1, 0.5f)], 0.1, Domain.Industrial);

        result.Calibration.Validate("The scale");
        Assert.Equal(1 / 3.0, result.FalseAlarms, 1e-12);
        single.Calibration.Validate("The scale");
        Assert.Equal(1, single.FalseAlarms); // one image cannot give both scale and rank
    }

    [Theory]
    [InlineData(0.1, 30)]
    [InlineData(0.01, 30)]
    public void Scores_that_are_known_give_the_threshold_that_their_images_give(double rate, int images)
    {
        Random random = new(7);
        Calibration scale = Scale();
        Observed[] normals = [.. Enumerable.Range(0, images).Select(_ => Within(random, 0))],
            defects = [.. Enumerable.Range(0, 10).Select(_ => Within(random, 0.3f))];

        CalibrationResult fromImages = Calibrator.FromNormals(normals, rate, Domain.Industrial, scale),
            withDefects = Calibrator.FromDefects(normals, defects, Domain.Industrial, scale);

        Assert.Equal((fromImages.Calibration.Threshold, fromImages.FalseAlarms), Calibrator.OfNormals(Raw(normals), rate));
        Assert.Equal(withDefects.Calibration.Threshold, Calibrator.OfDefects(Raw(normals), Raw(defects)));

        double[] Raw(Observed[] all) => [.. all.Select(o => scale.Raw(o.MapMax, o.Detection, Domain.Industrial))];
    }

    [Fact]
    public void Scores_above_the_scale_give_no_threshold()
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Calibrator.OfNormals([0.5, 1.25], 0.1));

        Assert.Contains("The threshold would be 1.25", e.Message, StringComparison.Ordinal);
    }

    private static Calibration Scale() =>
        new()
        {
            MapMin = 0,
            MapMax = 1,
            DetectionMin = 0,
            DetectionMax = 1,
            Threshold = 0.5,
            MapThreshold = 0.5f,
        };

    private static Observed Within(Random random, float more) =>
        new(0, 0.1f + more + 0.4f * random.NextSingle(), 0.1f + more + 0.4f * random.NextSingle());

    private static double Score(Calibration calibration, Observed o) =>
        Calibration.Calibrated(calibration.Raw(o.MapMax, o.Detection, Domain.Industrial), calibration.Threshold);

    // A map range that is hardly wider than the differences between images, and a detection with long tails: what an overfitted scale fails
    // on.
    private static Observed Draw(Random random)
    {
        float max = 1 + random.NextSingle() * random.NextSingle();
        return new(max - 0.05f, max, (float)Math.Tan(1.4 * (random.NextDouble() - 0.5)));
    }
}
