using AaClip.Scoring.Maps;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Maps;

public sealed class SmoothingAndUpsamplingTests
{
    [Theory]
    [InlineData(37, Domain.Industrial)]
    [InlineData(37, Domain.Medical)]
    [InlineData(8, Domain.Medical)]
    [InlineData(5, Domain.Medical)]
    [InlineData(4, Domain.Industrial)]
    [InlineData(3, Domain.Medical)]
    [InlineData(2, Domain.Industrial)]
    [InlineData(1, Domain.Medical)]
    public void Smoothing_equals_the_two_dimensional_kernel_on_a_mirrored_grid(int side, Domain domain)
    {
        float[] grid = TestMaps.Noise(1, side * side);
        (int half, double sigma) = domain == Domain.Industrial ? (3, 1.0) : (4, 1.5);
        float[] expected = new float[grid.Length];
        for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
        {
            double sum = 0,
                total = 0;
            for (int dy = -half; dy <= half; dy++)
            for (int dx = -half; dx <= half; dx++)
            {
                double weight = Math.Exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
                total += weight;
                sum += weight * grid[Bounce(y + dy, side) * side + Bounce(x + dx, side)];
            }

            expected[y * side + x] = (float)(sum / total);
        }

        float[] actual = GaussianSmoothing.Smooth(grid, side, domain);

        Close.Assert(expected, actual, 1e-6);
    }

    [Theory]
    [InlineData(37, 518, 518)]
    [InlineData(37, 1301, 903)]
    [InlineData(37, 20, 11)]
    [InlineData(8, 1, 1)]
    [InlineData(8, 1, 50)]
    [InlineData(8, 50, 1)]
    [InlineData(1, 9, 7)]
    [InlineData(2, 3, 3)]
    [InlineData(5, 5, 5)]
    [InlineData(64, 65, 63)]
    public void Enlarging_equals_the_formula_of_four_neighbours(int side, int width, int height)
    {
        float[] grid = TestMaps.Noise(2, side * side);
        float[] expected = new float[width * height];
        for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
        {
            double v = height == 1 ? 0 : y * (side - 1.0) / (height - 1),
                u = width == 1 ? 0 : x * (side - 1.0) / (width - 1);
            int top = (int)v,
                left = (int)u,
                bottom = Math.Min(top + 1, side - 1),
                right = Math.Min(left + 1, side - 1);
            double upper = grid[top * side + left] * (1 - (u - left)) + grid[top * side + right] * (u - left);
            double lower = grid[bottom * side + left] * (1 - (u - left)) + grid[bottom * side + right] * (u - left);
            expected[y * width + x] = (float)(upper * (1 - (v - top)) + lower * (v - top));
        }

        float[] actual = Upsampling.Bilinear(grid, side, width, height);

        Close.Assert(expected, actual, 1e-6);
    }

    [Fact]
    public void A_grid_that_is_not_square_is_refused_with_both_lengths()
    {
        ArgumentException smoothing = Assert.Throws<ArgumentException>(() => GaussianSmoothing.Smooth(new float[12], 4, Domain.Industrial));
        ArgumentException enlarging = Assert.Throws<ArgumentException>(() => Upsampling.Bilinear(new float[12], 4, 5, 5));

        Assert.Contains("has 12 values, expected 16 = 4 * 4", smoothing.Message, StringComparison.Ordinal);
        Assert.Contains("has 12 values, expected 16 = 4 * 4", enlarging.Message, StringComparison.Ordinal);
    }

    private static int Bounce(int i, int side)
    {
        while (side > 1 && (i < 0 || i >= side))
            i = i < 0 ? -i : 2 * (side - 1) - i;
        return side == 1 ? 0 : i;
    }
}
