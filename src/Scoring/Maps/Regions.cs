namespace AaClip.Scoring.Maps;

/// <summary>Finds the regions of a map: where its scores reach a threshold.</summary>
public static class Regions
{
    private const float LeastSpread = 0.1f; // share of the peak's height over the threshold: below it no place stands out

    /// <summary>
    /// Where an image looks wrong: its regions at <see cref="Level"/>, and of an anomalous image at least one, however small.
    /// </summary>
    /// <param name="full">[size, size]: the map at the model's size; ignored pixels are negative infinity.</param>
    /// <param name="size">Pixels along a side of the map.</param>
    /// <param name="level">From <see cref="Level"/>.</param>
    /// <param name="anomalous">Whether the image is.</param>
    /// <param name="width">Pixels along a row of the original image.</param>
    /// <param name="height">Rows of the original image.</param>
    /// <param name="minAreaFraction">Smaller regions are left out, unless none remains of an anomalous image; a share of the image, 0 to
    /// 1.</param>
    /// <returns>Highest peak first.</returns>
    public static IReadOnlyList<Region> Of(
        ReadOnlySpan<float> full,
        int size,
        float level,
        bool anomalous,
        int width,
        int height,
        double minAreaFraction
    )
    {
        IReadOnlyList<Region> found = Find(full, size, level, width, height, minAreaFraction);
        return found.Count > 0 || !anomalous ? found : [.. Find(full, size, level, width, height, 0).Take(1)];
    }

    /// <summary>
    /// The score from which on pixels belong to a region: the threshold, but 1. where more than half of the picture reaches it, half the
    /// way from the picture's median to its peak, so that the place that stands out is told (where none does, the threshold); 2. where
    /// nothing reaches it in an anomalous image, three quarters of that way: the hottest place.
    /// </summary>
    /// <param name="full">The map at the model's size; ignored pixels are negative infinity.</param>
    /// <param name="threshold">Scores at or above it are anomalous.</param>
    /// <param name="anomalous">Whether the image is: its detection score may say so alone.</param>
    public static float Level(ReadOnlySpan<float> full, float threshold, bool anomalous)
    {
        float[] values = [.. full.ToArray().Where(float.IsFinite)];
        int above = values.Count(v => v >= threshold);
        if (values.Length == 0 || (above == 0 ? !anomalous : 2 * above <= values.Length))
            return threshold;
        Array.Sort(values);
        float median = values[values.Length / 2],
            peak = values[^1];
        if (above == 0)
            return peak - (peak - median) / 4;
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
    public static IReadOnlyList<Region> Find(
        ReadOnlySpan<float> map,
        int size,
        float threshold,
        int width,
        int height,
        double minAreaFraction
    )
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
            int left = size,
                right = 0,
                bottom = 0,
                area = 0;
            int top = start / size; // rows are walked downwards, so the first pixel met is one of the topmost
            float peak = float.NegativeInfinity;
            seen[start] = true;
            open.Push(start);
            while (open.TryPop(out int at))
            {
                int x = at % size,
                    y = at / size;
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
            regions.Add(
                new Region
                {
                    X = boxX,
                    Y = boxY,
                    Width = boxWidth,
                    Height = boxHeight,
                    Peak = peak,
                    AreaFraction = fraction,
                }
            );
        }

        return [.. regions.OrderByDescending(r => r.Peak)]; // a stable sort: equal peaks stay in the order in which they were met
    }

    // Every original pixel that the box touches is inside.
    private static (int Start, int Length) Scale(int first, int last, int size, int original)
    {
        int start = (int)((long)first * original / size);
        int end = (int)(((long)(last + 1) * original + size - 1) / size);
        return (start, end - start);
    }
}
