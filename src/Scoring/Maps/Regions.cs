namespace AaClip.Scoring.Maps;

/// <summary>Finds the regions of a map whose scores reach a threshold.</summary>
public static class Regions
{
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

    // Every original pixel that the box touches is inside.
    private static (int Start, int Length) Scale(int first, int last, int size, int original)
    {
        int start = (int)((long)first * original / size);
        int end = (int)(((long)(last + 1) * original + size - 1) / size);
        return (start, end - start);
    }
}
