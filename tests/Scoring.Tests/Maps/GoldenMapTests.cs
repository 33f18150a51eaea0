using AaClip.Scoring.Maps;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Maps;

/// <summary>
/// Maps of the reference on a tiny model (8 by 8 patches, 112 pixels). Limit: 2e-5 of the largest magnitude; the reference's own
/// float32 noise was measured as 2.1e-6.
/// </summary>
public sealed class GoldenMapTests
{
    private const double Limit = 2e-5;

    public static TheoryData<int, Domain> Levels()
    {
        TheoryData<int, Domain> levels = [];
        foreach (Domain domain in Enum.GetValues<Domain>())
            for (int level = 0; level < 4; level++)
                levels.Add(level, domain);
        return levels;
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void A_level_is_smoothed_as_by_the_reference(int level, Domain domain)
    {
        Dictionary<string, (long[] Shape, float[] Values)> golden = Golden();

        float[] actual = GaussianSmoothing.Smooth(golden[$"level{level}.score_map"].Values, 8, domain);

        Close.AssertRelative(golden[$"level{level}.{domain}.blurred"].Values, actual, Limit);
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void A_level_is_enlarged_as_by_the_reference(int level, Domain domain)
    {
        Dictionary<string, (long[] Shape, float[] Values)> golden = Golden();

        float[] actual = Upsampling.Bilinear(golden[$"level{level}.{domain}.blurred"].Values, 8, 112, 112);

        Close.AssertRelative(golden[$"level{level}.{domain}.upsampled"].Values, actual, Limit);
    }

    [Theory]
    [InlineData(Domain.Industrial)]
    [InlineData(Domain.Medical)]
    public void The_summed_levels_give_the_references_final_map_and_its_maximum(Domain domain)
    {
        Dictionary<string, (long[] Shape, float[] Values)> golden = Golden();
        float[] expected = golden[$"{domain}.final_map"].Values;

        AnomalyMap map = new(Summed(golden), 8, 112, domain);

        Close.AssertRelative(expected, map.FullSize(112, 112), Limit);
        Assert.Equal(expected.Max(), map.Max, Limit * expected.Max());
    }

    [Fact]
    public void The_summed_levels_enlarged_without_smoothing_are_the_references()
    {
        Dictionary<string, (long[] Shape, float[] Values)> golden = Golden();

        float[] actual = Upsampling.Bilinear(Summed(golden), 8, 112, 112);

        Close.AssertRelative(golden["unsmoothed_final_map"].Values, actual, Limit);
    }

    private static Dictionary<string, (long[] Shape, float[] Values)> Golden() =>
        SafetensorsFile.ReadAll(Parity.File("tiny/golden-maps.safetensors"));

    private static float[] Summed(Dictionary<string, (long[] Shape, float[] Values)> golden)
    {
        float[] sum = new float[64];
        for (int level = 0; level < 4; level++)
        for (int i = 0; i < sum.Length; i++)
            sum[i] += golden[$"level{level}.score_map"].Values[i];
        return sum;
    }
}
