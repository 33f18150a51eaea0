using System.Numerics.Tensors;

namespace AaClip.Scoring.Maps;

/// <summary>Finds the regions of a map: where its scores reach a threshold.</summary>
public static class Regions
{
    private const float LeastSpread = 0.1f; // share of the peak's height over the threshold: below it no place stands out

    /// <summary>
    /// What is said of where an image looks wrong: the regions at <see cref="Level"/>; of an anomalous image without any, the hottest patch.
    /// </summary>
    /// <param name="full">[map.Size, map.Size]: the map at the model's size; ignored pixels are negative infinity.</param>
    /// <param name="map">The map it was made of.</param>
    /// <param name="level">From <see cref="Level"/>.</param>
    /// <param name="anomalous">Whether the image is: it has at least one region then.</param>
    /// <param name="width">Pixels along a row of the original image.</param>
    /// <param name="height">Rows of the original image.</param>
    /// <param name="minAreaFraction">Smaller regions are left out; a share of the image, 0 to 1.</param>
    /// <returns>Highest peak first.</returns>
    public static IReadOnlyList<Region> Of(
        ReadOnlySpan<float> full, AnomalyMap map, float level, bool anomalous, int width, int height, double minAreaFraction)
    {
        ArgumentNullException.ThrowIfNull(map);
        IReadOnlyList<Region> found = Find(full, map.Size, level, width, height, minAreaFraction);
        int peak = TensorPrimitives.IndexOfMax(full);
        return found.Count > 0 || !anomalous || !float.IsFinite(full[peak]) ? found : [Patch(full[peak], peak, map, width, height)];
    }

    /// <summary>
    /// The score from which on pixels belong to a region: the threshold; or, where more than half of the picture reaches it, half the way from
    /// the picture's median to its peak, so that the place that stands out is told. Where none does, the threshold again.
    /// </summary>
    /// <param name="full">The map at the model's size; ignored pixels are negative infinity.</param>
    /// <param name="threshold">Scores at or above it are anomalous.</param>
    public static float Level(ReadOnlySpan<float> full, float threshold)
    {
        int above = 0, counted = 0;
        foreach (float value in full)
        {
            above += value >= threshold ? 1 : 0;
            counted += float.IsFinite(value) ? 1 : 0;
        }

        if (2L * above <= counted)
            return threshold;
        float[] values = new float[counted];
        int at = 0;
        foreach (float value in full)
            if (float.IsFinite(value))
                values[at++] = value;
        Array.Sort(values);
        float median = values[counted / 2], peak = values[^1];
        return peak - median < LeastSpread * (peak - threshold) ? threshold : Math.Max(threshold, (median + peak) / 2);
    }

    /// <summary>Finds regions by 8-connectivity: pixels that touch at a corner belong together.</summary>
    /// <param name="map">[size, size]: a map at the model's size.</param>
    /// <param name="size">Pixels along a side of the map, at least 1.</param>
    /// <param name="threshold">Scores at or above it belong to a region.</param>
    /// <param name="width">Pixels along a row of the original image, to which boxes are scaled.</param>
    /// <param name="height">Rows of the original image.</param>
    /// <param name="minAreaFraction">Smaller regions are left out; a share of the image, 0 to 1.</param>
    /// <returns>Highest peak first; of equal peaks, the one that begins further up, then further left.</returns>
    /// <exception cref="ArgumentException">The map's length is not size * size, or an argument is out of its range.</exception>
    public static IReadOnlyList<Region> Find(ReadOnlySpan<float> map, int size, float threshold, int width, int height, double minAreaFraction)
    {
        GaussianSmoothing.RequireSquare(map.Length, size);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (minAreaFraction is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(minAreaFraction), minAreaFraction, "Expected a share of the image, 0 to 1.");

        List<Region> regions = [];
        bool[] seen = new bool[map.Length];
        Stack<int> open = [];
        for (int start = 0; start < map.Length; start++)
        {
            if (seen[start] || !(map[start] >= threshold))
                continue;
            int left = size, right = 0, bottom = 0, area = 0;
            int top = start / size; // rows are walked downwards, so the first pixel met is one of the topmost
            float peak = float.NegativeInfinity;
            seen[start] = true;
            open.Push(start);
            while (open.TryPop(out int at))
            {
                int x = at % size, y = at / size;
                (left, right, bottom) = (Math.Min(left, x), Math.Max(right, x), Math.Max(bottom, y));
                peak = Math.Max(peak, map[at]);
                area++;
                for (int ny = Math.Max(y - 1, 0); ny <= Math.Min(y + 1, size - 1); ny++)
                    for (int nx = Math.Max(x - 1, 0); nx <= Math.Min(x + 1, size - 1); nx++)
                    {
                        int next = ny * size + nx;
                        if (!seen[next] && map[next] >= threshold)
                        {
                            seen[next] = true;
                            open.Push(next);
                        }
                    }
            }

            double fraction = area / ((double)size * size);
            if (fraction < minAreaFraction)
                continue;
            (int boxX, int boxWidth) = Scale(left, right, size, width);
            (int boxY, int boxHeight) = Scale(top, bottom, size, height);
            regions.Add(new Region { X = boxX, Y = boxY, Width = boxWidth, Height = boxHeight, Peak = peak, AreaFraction = fraction });
        }

        return [.. regions.OrderByDescending(r => r.Peak)]; // a stable sort: equal peaks stay in the order in which they were met
    }

    private static Region Patch(float peak, int at, AnomalyMap map, int width, int height)
    {
        int column = at % map.Size * map.Side / map.Size, row = at / map.Size * map.Side / map.Size;
        (int x, int boxWidth) = Scale(column, column, map.Side, width);
        (int y, int boxHeight) = Scale(row, row, map.Side, height);
        return new Region { X = x, Y = y, Width = boxWidth, Height = boxHeight, Peak = peak, AreaFraction = 1.0 / (map.Side * map.Side) };
    }

    // Every original pixel that the box touches is inside.
    private static (int Start, int Length) Scale(int first, int last, int size, int original)
    {
        int start = (int)((long)first * original / size);
        int end = (int)(((long)(last + 1) * original + size - 1) / size);
        return (start, end - start);
    }
}
