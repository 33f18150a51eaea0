using System.Collections.Concurrent;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// The part of a camera's picture that does not count: fixtures, background, a moving belt. A pixel is ignored when its centre lies in a
/// polygon (even-odd rule), at whatever size the picture is looked at.
/// 1. On the model's grid, a patch that is ignored for half of its pixels or more takes the median of the patches that count, before
/// smoothing: so what happens in the ignored area is not smeared over its border, nor is a defect beside it thinned out.
/// 2. On the smoothed and enlarged map, ignored pixels count neither for the maximum nor for regions.
/// 3. In the heatmap they show the photo as it is.
/// The stored raw map stays as the model gave it. The detection score is a mean over all patches and cannot be corrected afterwards.
/// </summary>
public sealed class IgnoreMask
{
    private readonly (double X, double Y)[][] _polygons;
    private readonly ConcurrentDictionary<int, bool[]> _squares = []; // by side: the model's input size, so one or two entries

    /// <summary>Takes polygons of [x, y] corners, 0 to 1 from the left top corner; each is closed by itself.</summary>
    /// <exception cref="ArgumentException">A polygon has fewer than three corners, or a corner is not two numbers.</exception>
    public IgnoreMask(IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> polygons)
    {
        if (polygons.Any(p => p.Count < 3 || p.Any(c => c.Count != 2)))
            throw new ArgumentException("An ignored polygon needs at least three corners of [x, y].", nameof(polygons));
        _polygons = [.. polygons.Select(p => p.Select(c => (c[0], c[1])).ToArray())];
    }

    /// <summary>The ignored pixels of a square picture; shared, so it must not be written to.</summary>
    /// <returns>[size, size].</returns>
    public bool[] Square(int size) => _squares.GetOrAdd(size, s => Rasterize(s, s));

    /// <summary>The ignored pixels of a picture.</summary>
    /// <returns>[height, width].</returns>
    public bool[] Rasterize(int width, int height)
    {
        bool[] mask = new bool[checked(width * height)];
        for (int y = 0; y < height; y++)
            Row(y, width, height, mask.AsSpan(y * width, width));
        return mask;
    }

    /// <summary>Step 1: a map without what the ignored patches said.</summary>
    /// <param name="map">As the model gave it.</param>
    public AnomalyMap Fill(AnomalyMap map)
    {
        bool[] pixels = Square(map.Size);
        int side = map.Side;
        int[] ignored = new int[side * side],
            all = new int[side * side];
        for (int y = 0; y < map.Size; y++)
        for (int x = 0; x < map.Size; x++)
        {
            int patch = y * side / map.Size * side + x * side / map.Size;
            all[patch]++;
            ignored[patch] += pixels[y * map.Size + x] ? 1 : 0;
        }

        float[] raw = map.Raw.ToArray();
        float[] counted = [.. raw.Where((_, i) => 2 * ignored[i] < all[i])];
        Array.Sort(counted);
        float ordinary = counted.Length > 0 ? counted[counted.Length / 2] : raw.Min();
        for (int i = 0; i < raw.Length; i++)
            if (2 * ignored[i] >= all[i])
                raw[i] = ordinary;
        return new AnomalyMap(raw, side, map.Size, map.Domain);
    }

    /// <summary>Step 3: puts the photo back into the ignored pixels of its heatmap.</summary>
    public void Uncover(RgbImage heatmap, RgbImage photo)
    {
        bool[] row = new bool[photo.Width];
        for (int y = 0; y < photo.Height; y++)
        {
            Array.Clear(row);
            Row(y, photo.Width, photo.Height, row);
            for (int x = 0; x < row.Length; x++)
                if (row[x])
                    photo.Pixels.AsSpan(3 * (y * photo.Width + x), 3).CopyTo(heatmap.Pixels.AsSpan(3 * (y * photo.Width + x), 3));
        }
    }

    // The pixels of a row whose centres lie between an odd crossing of a polygon's edges and the next.
    private void Row(int y, int width, int height, Span<bool> row)
    {
        double centre = (y + 0.5) / height;
        foreach ((double X, double Y)[] polygon in _polygons)
        {
            List<double> crossings = [];
            for (int i = 0; i < polygon.Length; i++)
            {
                (double X, double Y) a = polygon[i],
                    b = polygon[(i + 1) % polygon.Length];
                if (a.Y <= centre != b.Y <= centre)
                    crossings.Add(a.X + (centre - a.Y) / (b.Y - a.Y) * (b.X - a.X));
            }

            crossings.Sort();
            for (int i = 0; i + 1 < crossings.Count; i += 2)
            {
                int first = (int)Math.Ceiling(crossings[i] * width - 0.5),
                    end = (int)Math.Ceiling(crossings[i + 1] * width - 0.5);
                first = Math.Clamp(first, 0, width);
                row[first..Math.Clamp(end, first, width)].Fill(true);
            }
        }
    }
}
