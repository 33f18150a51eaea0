using System.Collections.Concurrent;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// The part of a camera's images that is ignored: fixtures, background, a moving belt.
/// 1. On the model's grid, before smoothing, a patch with half of its pixels or more ignored takes the median of the other patches. So
/// smoothing neither spreads high values out of the ignored area nor weakens a defect beside it.
/// 2. On the smoothed and enlarged map, ignored pixels count neither for the maximum nor for regions.
/// 3. In the heatmap, ignored pixels show the photo without colours.
/// The stored raw map is the model's, without the mask. The detection score is about the whole image and cannot be corrected afterwards.
/// </summary>
public sealed class IgnoreMask
{
    private readonly Polygons _area;
    private const int Kept = 4; // images of many sizes, cut by pixels, have maps of many sizes

    private readonly ConcurrentDictionary<int, bool[]> _squares = []; // key: size of the map, which tiles make larger

    /// <summary>Takes polygons of [x, y] corners, 0 to 1 from the top left corner. The last corner is joined to the first.</summary>
    /// <exception cref="ArgumentException">A polygon has fewer than three corners, or a corner is not two numbers.</exception>
    public IgnoreMask(IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> polygons) => _area = new Polygons(polygons);

    /// <summary>The ignored pixels of a square image. The array is shared: do not write to it.</summary>
    /// <returns>[size, size].</returns>
    public bool[] Square(int size) =>
        _squares.TryGetValue(size, out bool[]? known) || _squares.Count >= Kept
            ? known ?? Rasterize(size, size)
            : _squares.GetOrAdd(size, s => Rasterize(s, s));

    /// <summary>The ignored pixels of an image.</summary>
    /// <returns>[height, width].</returns>
    public bool[] Rasterize(int width, int height) => _area.Rasterize(width, height);

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
        return new AnomalyMap(raw, side, map.Size, map.Domain, map.Steps);
    }

    /// <summary>Step 3: puts the photo back into the ignored pixels of its heatmap.</summary>
    public void Uncover(RgbImage heatmap, RgbImage photo)
    {
        bool[] row = new bool[photo.Width];
        for (int y = 0; y < photo.Height; y++)
        {
            Array.Clear(row);
            _area.Row(y, photo.Width, photo.Height, row);
            for (int x = 0; x < row.Length; x++)
                if (row[x])
                    photo.Pixels.AsSpan(3 * (y * photo.Width + x), 3).CopyTo(heatmap.Pixels.AsSpan(3 * (y * photo.Width + x), 3));
        }
    }
}
