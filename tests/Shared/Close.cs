namespace AaClip.Tests;

/// <summary>Compares numbers and names the worst one.</summary>
internal static class Close
{
    /// <summary>Fails unless every value is within the limit of what is expected.</summary>
    public static void Assert(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double limit, string what = "Values")
    {
        Xunit.Assert.Equal(expected.Length, actual.Length);
        int worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (float.IsNaN(actual[i]))
                Xunit.Assert.Fail($"{what}: value {i} is NaN, expected {expected[i]}.");
            if (Math.Abs(expected[i] - actual[i]) > Math.Abs(expected[worst] - actual[worst]))
                worst = i;
        }

        double distance = expected.Length == 0 ? 0 : Math.Abs((double)expected[worst] - actual[worst]);
        Xunit.Assert.True(
            distance <= limit,
            $"{what}: value {worst} is {(expected.Length == 0 ? 0 : actual[worst])}, expected "
                + $"{(expected.Length == 0 ? 0 : expected[worst])}: {distance:g3} apart, limit {limit:g3}."
        );
    }

    /// <summary>As <see cref="Assert"/>, with the limit given as a share of the largest expected magnitude.</summary>
    public static void AssertRelative(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double share, string what = "Values")
    {
        float largest = 0;
        foreach (float value in expected)
            largest = Math.Max(largest, Math.Abs(value));
        Assert(expected, actual, share * largest, what);
    }
}
