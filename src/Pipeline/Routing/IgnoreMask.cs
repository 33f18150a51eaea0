using System.Collections.Concurrent;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// The part of a camera's images that is ignored: fixtures, background, a moving belt. A pixel is ignored if its centre is inside a polygon
/// (even-odd rule), at any size of the image.
/// 1. On the model's grid, before smoothing, a patch with half of its pixels or more ignored takes the median of the other patches. So
/// smoothing neither spreads high values out of the ignored area nor weakens a defect beside it.
/// 2. On the smoothed and enlarged map, ignored pixels count neither for the maximum nor for regions.
/// 3. In the heatmap, ignored pixels show the photo without colours.
/// The stored raw map is the model's, without the mask. The detection score is a mean over all patches and cannot be corrected afterwards.
/// </summary>
public sealed class IgnoreMask
{
    private readonly (double X, double Y)[][] _polygons;
    private readonly ConcurrentDictionary<int, bool[]> _squares = []; // key: the model's input size, so one or two entries

    /// <summary>Takes polygons of [x, y] corners, 0 to 1 from the top left corner. The last corner is joined to the first.</summary>
    /// <exception cref="ArgumentException">A polygon has fewer than three corners, or a corner is not two numbers.</exception>
    public IgnoreMask(IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> polygons)
    {
        if (polygons.Any(p => p.Count < 3 || p.Any(c => c.Count != 2)))
            throw new ArgumentException("An ignored polygon needs at least three corners of [x, y].", nameof(polygons));
        _polygons = [.. polygons.Select(p => p.Select(c => (c[0], c[1])).ToArray())];
    }

    /// <summary>The ignored pixels of a square image. The array is shared: do not write to it.</summary>
    /// <returns>[size, size].</returns>
    public bool[] Square(int size) => _squares.GetOrAdd(size, s => Rasterize(s, s));

    /// <summary>The ignored pixels of an image.</summary>
    /// <returns>[height, width].</returns>
    public bool[] Rasterize(int width, int height)
    {
        bool[] mask = new bool[checked(width * height)];
        for (int y = 0; y < height; y++)
            Row(y, width, height, mask.AsSpan(y * width, width));
        return mask;
    }

    /// <summary>Step 1: replaces the values of ignored patches.</summary>
    /// <param name="map">The model's map.</param>
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

    // Marks the pixels of a row whose centres lie between an odd crossing of a polygon's edges and the next crossing.
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
