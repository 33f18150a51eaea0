using AaClip.Scoring.Maps;

namespace AaClip.Scoring.Tests.Maps;

public sealed class AnomalyMapTests
{
    [Fact]
    public void The_maximum_is_that_of_the_map_at_the_models_size()
    {
        float[] raw = TestMaps.Noise(5, 37 * 37);

        AnomalyMap map = new(raw, 37, 518, Domain.Industrial);

        Assert.Equal(map.FullSize(518, 518).Max(), map.Max);
        Assert.True(map.Max < map.Surface().Values.Max()); // most grid points fall between pixels
    }

    [Fact]
    public void The_raw_scores_stay_as_given()
    {
        float[] raw = TestMaps.Noise(6, 16);
        AnomalyMap map = new([.. raw], 4, 56, Domain.Medical);

        _ = map.FullSize(9, 5);

        Assert.Equal(raw, map.Raw.ToArray());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_score_that_is_not_a_number_is_refused_with_its_place(float bad)
    {
        float[] raw = new float[16];
        raw[6] = bad;

        ArgumentException e = Assert.Throws<ArgumentException>(() => new AnomalyMap(raw, 4, 56, Domain.Industrial));

        Assert.Contains("at patch row 1, column 2, expected a finite number", e.Message, StringComparison.Ordinal);
        Assert.Contains("try the float32 package", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_of_the_wrong_length_is_refused_with_both_lengths()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new AnomalyMap(new float[15], 4, 56, Domain.Industrial));

        Assert.Contains("has 15 values, expected 16 = 4 * 4", e.Message, StringComparison.Ordinal);
    }
}
