namespace AaClip.Scoring.Maps;

/// <summary>The Gaussian blur that AA-CLIP applies to the grid of patch scores before enlarging it (forward_utils.py).</summary>
public static class GaussianSmoothing
{
    /// <summary>Smooths a square grid, first along the rows, then along the columns.</summary>
    /// <remarks>
    /// At its borders the grid is mirrored at the centre of the edge cells: c b | a b c | b a. The reference rejects grids smaller than
    /// half the kernel. Here the mirroring repeats, so any grid can be smoothed.
    /// </remarks>
    /// <param name="grid">[side, side], float32.</param>
    /// <param name="side">Patches along a side, at least 1.</param>
    /// <param name="domain">Selects the kernel.</param>
    /// <returns>[side, side].</returns>
    /// <exception cref="ArgumentException">The grid's length is not side * side.</exception>
    public static float[] Smooth(ReadOnlySpan<float> grid, int side, Domain domain)
    {
        RequireSquare(grid.Length, side);
        float[] kernel = Kernel(domain);
        int half = kernel.Length / 2;
        float[] wide = new float[grid.Length];
        float[] result = new float[grid.Length];
        for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
        for (int k = 0; k < kernel.Length; k++)
            wide[y * side + x] += kernel[k] * grid[y * side + Mirror(x + k - half, side)];
        for (int y = 0; y < side; y++)
        for (int k = 0; k < kernel.Length; k++)
        {
            ReadOnlySpan<float> from = wide.AsSpan(Mirror(y + k - half, side) * side, side);
            Span<float> to = result.AsSpan(y * side, side);
            for (int x = 0; x < side; x++)
                to[x] += kernel[k] * from[x];
        }

        return result;
    }

    internal static void RequireSquare(int length, int side)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(side);
        if (length != (long)side * side)
            throw new ArgumentException($"The grid has {length} values, expected {(long)side * side} = {side} * {side}.");
    }

    private static float[] Kernel(Domain domain)
    {
        (int size, double sigma) = domain switch
        {
            Domain.Industrial => (7, 1.0),
            Domain.Medical => (9, 1.5),
            _ => throw new ArgumentOutOfRangeException(nameof(domain), domain, "Expected Industrial or Medical."),
        };
        return [.. Weights(size / 2, sigma).Select(w => (float)w)];
    }

    /// <summary>The weights of a Gaussian at −radius … radius; they sum to 1.</summary>
    internal static double[] Weights(int radius, double sigma)
    {
        double[] weights = [.. Enumerable.Range(-radius, 2 * radius + 1).Select(i => Math.Exp(-i * i / (2 * sigma * sigma)))];
        double sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }

    private static int Mirror(int i, int side)
    {
        if (side == 1)
            return 0;
        int period = 2 * (side - 1);
        i = ((i % period) + period) % period;
        return i < side ? i : period - i;
    }
}
