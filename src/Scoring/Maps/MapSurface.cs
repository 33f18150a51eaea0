using AaClip.Scoring.Images;

namespace AaClip.Scoring.Maps;

/// <summary>
/// The grid that pictures and regions are drawn from, by bilinear interpolation with aligned corners. For AA-CLIP and AnoVL it is the
/// filtered grid of patches; where a method smooths after enlarging, it is the final map at the model's input size.
/// </summary>
/// <param name="Values">[Side, Side], row-major. Shared: do not write to it.</param>
/// <param name="Side">Points along a side.</param>
public readonly record struct MapSurface(float[] Values, int Side)
{
    private const double Truncate = 4; // SciPy's default: the kernel ends at four sigma

    internal static MapSurface Of(float[] raw, int side, int size, Domain domain, MapSteps steps)
    {
        float[] grid = steps.Grid switch
        {
            GridFilter.Gaussian => GaussianSmoothing.Smooth(raw, side, domain),
            GridFilter.Mean3 => Mean3(raw, side),
            _ => raw,
        };
        if (!steps.Enlarges)
            return new MapSurface(grid, side);

        float[] map = steps.Corners == Corners.Aligned ? Upsampling.Bilinear(grid, side, size, size) : HalfPixel(grid, side, size);
        if (steps.Sigmoid)
            for (int i = 0; i < map.Length; i++)
                map[i] = 1 / (1 + MathF.Exp(-map[i]));
        return new MapSurface(steps.Sigma > 0 ? Gaussian(map, size, steps.Sigma) : map, size);
    }

    // AnoVL: mean of 3 x 3 patches, edges repeated.
    private static float[] Mean3(float[] grid, int side)
    {
        float[] result = new float[grid.Length];
        for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
        {
            float sum = 0;
            for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++)
                sum += grid[Math.Clamp(y + dy, 0, side - 1) * side + Math.Clamp(x + dx, 0, side - 1)];
            result[y * side + x] = sum / 9;
        }

        return result;
    }

    private static float[] HalfPixel(float[] grid, int side, int size)
    {
        AxisWeights axis = Interpolation.Bilinear(side, size);
        float[] result = new float[size * size];
        RowBands.Run(
            size,
            result.Length,
            (begin, end) =>
            {
                Span<float> between = stackalloc float[side];
                for (int y = begin; y < end; y++)
                {
                    between.Clear();
                    for (int k = 0; k < axis.Count[y]; k++)
                    for (int x = 0; x < side; x++)
                        between[x] += (float)axis.Values[y * 2 + k] * grid[(axis.First[y] + k) * side + x];
                    Span<float> row = result.AsSpan(y * size, size);
                    for (int x = 0; x < size; x++)
                    for (int k = 0; k < axis.Count[x]; k++)
                        row[x] += (float)axis.Values[x * 2 + k] * between[axis.First[x] + k];
                }
            }
        );
        return result;
    }

    // scipy.ndimage.gaussian_filter: columns first, then rows; the edge pixel is repeated when the map is mirrored (d c b a | a b c d).
    private static float[] Gaussian(float[] map, int size, double sigma)
    {
        int radius = (int)(Truncate * sigma + 0.5);
        double[] kernel = GaussianSmoothing.Weights(radius, sigma);
        float[] result = new float[map.Length];
        RowBands.Run(
            size,
            (long)map.Length * kernel.Length,
            (begin, end) =>
            {
                double[] column = new double[size],
                    padded = new double[size + 2 * radius];
                for (int y = begin; y < end; y++)
                {
                    Array.Clear(column);
                    for (int k = 0; k < kernel.Length; k++)
                    {
                        ReadOnlySpan<float> from = map.AsSpan(Mirror(y + k - radius, size) * size, size);
                        double weight = kernel[k];
                        for (int x = 0; x < from.Length; x++)
                            column[x] += weight * from[x];
                    }

                    for (int x = 0; x < padded.Length; x++)
                        padded[x] = (float)column[Mirror(x - radius, size)];
                    Span<float> to = result.AsSpan(y * size, size);
                    for (int x = 0; x < size; x++)
                    {
                        double value = 0;
                        for (int k = 0; k < kernel.Length; k++)
                            value += kernel[k] * padded[x + k];
                        to[x] = (float)value;
                    }
                }
            }
        );
        return result;
    }

    private static int Mirror(int i, int size)
    {
        int period = 2 * size;
        i = (i % period + period) % period;
        return i < size ? i : period - 1 - i;
    }
}
