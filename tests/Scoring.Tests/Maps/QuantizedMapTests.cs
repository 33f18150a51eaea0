using AaClip.Scoring.Maps;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Maps;

public sealed class QuantizedMapTests
{
    [Theory]
    [InlineData(1, 1f, 0f)]
    [InlineData(2, 400f, -17f)]
    [InlineData(3, 0.001f, 0.5f)]
    public void A_stored_map_comes_back_within_half_a_step(int seed, float range, float middle)
    {
        float[] values = [.. TestMaps.Noise(seed, 37 * 37).Select(v => middle + range * v)];

        QuantizedMap stored = QuantizedMap.Create(values);

        float rounding = MathF.BitIncrement(values.Max(MathF.Abs)) - values.Max(MathF.Abs);
        Close.Assert(values, stored.ToFloat32(), stored.Scale * 0.5001 + rounding); // 0.0001: the step itself is rounded to float32
        Assert.Equal(values.Max() - values.Min(), stored.Scale * 65535, 1e-4f * range);
    }

    [Fact]
    public void The_whole_range_of_16_bits_is_used()
    {
        QuantizedMap stored = QuantizedMap.Create([-3, 1, 2]);

        Assert.Equal([0, 52428, 65535], stored.Values);
    }

    [Fact]
    public void A_constant_map_comes_back_exactly()
    {
        QuantizedMap stored = QuantizedMap.Create([2.25f, 2.25f]);

        Assert.Equal([2.25f, 2.25f], stored.ToFloat32());
        Assert.Equal(0, stored.Scale);
    }

    [Fact]
    public void What_cannot_be_stored_is_refused()
    {
        ArgumentException nan = Assert.Throws<ArgumentException>(() => QuantizedMap.Create([1, float.NaN]));
        ArgumentException empty = Assert.Throws<ArgumentException>(() => QuantizedMap.Create([]));

        Assert.Contains("holds NaN, expected finite numbers", nan.Message, StringComparison.Ordinal);
        Assert.Contains("is empty, expected at least one value", empty.Message, StringComparison.Ordinal);
    }
}
