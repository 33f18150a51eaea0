namespace AaClip.Scoring.Maps;

/// <summary>Finds the regions of a map whose scores are at or above a threshold.</summary>
public static class Regions
{
    // of the peak's height above the threshold; with a smaller spread, no part of the image stands out
    private const float LeastSpread = 0.1f;

    /// <summary>
    /// Finds the regions of an image at <see cref="Level"/>. An anomalous image always has at least one region, however small.
    /// </summary>
    /// <param name="full">[size, size]: the map at the model's input size; ignored pixels are negative infinity.</param>
    /// <param name="size">Pixels along a side of the map.</param>
    /// <param name="level">The result of <see cref="Level"/>.</param>
    /// <param name="anomalous">Whether the image is anomalous.</param>
    /// <param name="width">Width of the original image in pixels.</param>
    /// <param name="height">Height of the original image in pixels.</param>
    /// <param name="minAreaFraction">
    /// Smaller regions are omitted, unless no region of an anomalous image would remain. A fraction of the image, 0 to 1.
    /// </param>
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
    /// The score at which a pixel belongs to a region. Normally this is the threshold, with two exceptions. (1) More than half of the image
    /// reaches the threshold: halfway from the image's median to its peak, so that the part that stands out is found; if no part stands
    /// out, the threshold. (2) Nothing reaches the threshold in an anomalous image: three quarters of the way from median to peak, so that
    /// the part with the highest scores is found.
    /// </summary>
    /// <param name="full">The map at the model's input size; ignored pixels are negative infinity.</param>
    /// <param name="threshold">Scores at or above it are anomalous.</param>
    /// <param name="anomalous">Whether the image is anomalous; this can be due to its detection score alone.</param>
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

    /// <summary>Finds regions by 8-connectivity: pixels that touch at a corner are connected.</summary>
    /// <param name="map">[size, size]: a map at the model's input size.</param>
    /// <param name="size">Pixels along a side of the map, at least 1.</param>
    /// <param name="threshold">Scores at or above it belong to a region.</param>
    /// <param name="width">Width of the original image in pixels; boxes are scaled to it.</param>
    /// <param name="height">Height of the original image in pixels.</param>
    /// <param name="minAreaFraction">Smaller regions are omitted; a fraction of the image, 0 to 1.</param>
    /// <returns>Highest peak first. For equal peaks, the region that starts further up, then further left.</returns>
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
            int top = start / size; // rows are scanned from the top, so the first pixel found is one of the topmost
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

        return [.. regions.OrderByDescending(r => r.Peak)]; // the sort is stable: equal peaks keep the order in which they were found
    }

    // The result includes every original pixel that the box touches.
    private static (int Start, int Length) Scale(int first, int last, int size, int original)
    {
        int start = (int)((long)first * original / size);
        int end = (int)(((long)(last + 1) * original + size - 1) / size);
        return (start, end - start);
    }
}
