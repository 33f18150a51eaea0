using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Scoring.Tests.Packages;

public class CalibrationTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public void A_higher_score_stays_higher_however_far_above_the_threshold_it_is(double threshold)
    {
        double[] raw = [threshold, threshold + 1e-6, (threshold + 1) / 2, 0.9999, 1, 1.0001, 1.5, 4.0, 4.1, 40, 400];

        double[] calibrated = [.. raw.Where(r => r >= threshold).Order().Select(r => Calibration.Calibrated(r, threshold))];

        Assert.Equal(calibrated.Distinct().Order(), calibrated);
        Assert.Equal(0.5, calibrated[0]);
        Assert.All(calibrated, c => Assert.InRange(c, 0.5, Math.BitDecrement(1)));
        Assert.Equal(0.9, Calibration.Calibrated(1, threshold), 1e-9);
    }

    [Theory]
    [InlineData(-3, 0)]
    [InlineData(0, 0)]
    [InlineData(0.2, 0.25)]
    [InlineData(0.4, 0.5)]
    [InlineData(0.7, 0.7)]
    [InlineData(1.6, 0.95)]
    public void The_threshold_is_one_half_and_the_end_of_the_scale_nine_tenths(double raw, double expected) =>
        Assert.Equal(expected, Calibration.Calibrated(raw, 0.4), 1e-9);

    [Fact]
    public void Places_far_above_all_normal_images_differ_in_colour()
    {
        // "wire mesh" of the demonstration model: the scale comes from normal images, a hole reaches -4 and its surroundings -40.
        Calibration mesh = new()
        {
            MapMin = -73,
            MapMax = -53,
            DetectionMin = 0,
            DetectionMax = 1,
            Threshold = 0.5,
            MapThreshold = -61,
        };

        HeatmapOptions scale = mesh.HeatmapScale;

        Assert.Equal(-61, scale.Threshold);
        Assert.InRange(scale.High, -14, -12);
        int[] green = [.. new[] { -61f, -52, -40, -25, -13 }.Select(v => (int)Heatmap.Render(Flat(v + 0.01f), 1, 1, scale).Pixels[1])];
        Assert.Equal(green.Order().Distinct(), green);
        Assert.All(green.Zip(green.Skip(1)), pair => Assert.True(pair.Second - pair.First > 15, $"{pair}"));
    }

    [Fact]
    public void A_scale_that_knows_defects_keeps_its_end() =>
        Assert.Equal(
            100,
            new Calibration
            {
                MapMin = 0,
                MapMax = 100,
                DetectionMin = 0,
                DetectionMax = 1,
                Threshold = 0.5,
                MapThreshold = 10,
            }
                .HeatmapScale
                .High
        );

    [Fact]
    public void Only_the_neutral_calibration_is_neutral()
    {
        Assert.True(Calibration.Neutral(1).IsNeutral);
        Assert.True(Calibration.Neutral(4).IsNeutral);
        Assert.False((Calibration.Neutral(4) with { Threshold = 0.4 }).IsNeutral);
        Assert.False((Calibration.Neutral(4) with { MapThreshold = 7 }).IsNeutral);
    }

    private static AnomalyMap Flat(float value) => new([value], 1, 14, Domain.Industrial);

    [Theory]
    [InlineData(0.5f, 1)]
    [InlineData(0.05f, 1)]
    [InlineData(0.5f, 4)]
    public void The_neutral_scale_of_probabilities_is_known_as_such_and_uses_the_detection_score_alone(float span, int levels)
    {
        Calibration neutral = Calibration.NeutralProbability(span, levels);

        Assert.True(neutral.IsNeutral);
        Assert.False((neutral with { Threshold = 0.4 }).IsNeutral);
        Assert.Equal(0.5, neutral.Raw(levels, 0.5f, Domain.Industrial), 1e-6);
        Assert.Equal(1, neutral.Raw(0, 0.5f + span, Domain.Medical), 1e-6);
        Assert.InRange(neutral.HeatmapScale.High, neutral.MapMax, levels); // no room above the largest probability
    }
}
