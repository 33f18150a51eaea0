namespace AaClip.Tests;

/// <summary>Comparison with golden numbers: largest absolute difference, relative to the largest golden magnitude.</summary>
internal static class Close
{
    public static double Distance(ReadOnlySpan<float> golden, ReadOnlySpan<float> found)
    {
        Assert.Equal(golden.Length, found.Length);
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < golden.Length; i++)
        {
            Assert.True(float.IsFinite(found[i]), $"Value {i} is {found[i]}.");
            largest = Math.Max(largest, Math.Abs(golden[i]));
            difference = Math.Max(difference, Math.Abs((double)golden[i] - found[i]));
        }

        return largest == 0 ? difference : difference / largest;
    }

    public static void Within(double limit, ReadOnlySpan<float> golden, ReadOnlySpan<float> found, string what)
    {
        double distance = Distance(golden, found);
        Assert.True(distance <= limit, $"{what}: distance {distance:G3} from the golden values, limit {limit:G3}.");
    }
}
