using AaClip.Scoring.Maps;

namespace AaClip.Scoring.Tests.Maps;

/// <summary>Maps for tests.</summary>
internal static class TestMaps
{
    /// <summary>Values of -1 to 1.</summary>
    public static float[] Noise(int seed, int count)
    {
        Random random = new(seed);
        float[] values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = 2 * random.NextSingle() - 1;
        return values;
    }

    /// <summary>The same score everywhere.</summary>
    public static AnomalyMap Flat(float score, int side = 6) =>
        new([.. Enumerable.Repeat(score, side * side)], side, 84, Domain.Industrial);
}
