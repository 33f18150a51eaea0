using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Scoring.Tiles;

/// <summary>
/// Where the tiles of an image are, and how their maps become one. The patches of all tiles lie on one grid over the image, so that patches
/// of two tiles coincide where the tiles overlap. A patch of the merged map is the mean of the tiles that have it, weighted by a ramp that
/// falls towards the border of a tile over the width of the overlap. Maps are square everywhere: if one side of the image has fewer
/// patches, it is stretched to as many as the other, by linear interpolation.
/// </summary>
public sealed class TileLayout
{
    // The merged map is judged at this many pixels a side or less, so that it takes at most 17 MB. Two for each patch are always left.
    private const int JudgedPixels = 2048;

    private readonly Axis _across;
    private readonly Axis _down;
    private readonly int _patch; // pixels of a patch in the model's input
    private readonly int _scale; // pixels of a patch in the merged map

    private TileLayout(Axis across, Axis down, int patch)
    {
        (_across, _down, _patch) = (across, down, patch);
        Side = Math.Max(across.Patches, down.Patches);
        _scale = Math.Clamp(JudgedPixels / Side, 2, patch);
        Tiles =
        [
            .. Enumerable
                .Range(0, down.First.Length)
                .SelectMany(row =>
                    Enumerable
                        .Range(0, across.First.Length)
                        .Select(column => new Tile(across.Begin(column), down.Begin(row), across.Length(column), down.Length(row)))
                ),
        ];
    }

    /// <summary>The tiles, row by row, without scores; at least two.</summary>
    public IReadOnlyList<Tile> Tiles { get; }

    /// <summary>Patches along a side of the merged map.</summary>
    public int Side { get; }

    /// <summary>Plans the tiles of an image.</summary>
    /// <param name="width">Columns of the image.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="grid">Patches along a side of the model's input.</param>
    /// <param name="patch">Pixels along a side of a patch.</param>
    /// <returns>
    /// Null if the image is scored whole: there would be one tile, or a tile would have fewer pixels a side than a patch.
    /// </returns>
    public static TileLayout? Of(Tiling tiling, int width, int height, int grid, int patch)
    {
        (int columns, int rows) = tiling.For(width, height);
        Axis across = new(tiling, columns, width, grid),
            down = new(tiling, rows, height, grid);
        bool whole = columns * rows == 1 || width * grid / across.Patches < patch || height * grid / down.Patches < patch;
        return whole ? null : new TileLayout(across, down, patch);
    }

    /// <summary>
    /// Merges the maps of the tiles. Its smoothing has the width that it has in a tile, along the side with more tiles. Where no tile has a
    /// map, the merged map has the median of the rest, before smoothing.
    /// </summary>
    /// <param name="maps">In the order of <see cref="Tiles"/>, all of one model; null for a blank tile. At least one is there.</param>
    public AnomalyMap Merge(IReadOnlyList<AnomalyMap?> maps)
    {
        AnomalyMap any = maps.First(m => m is not null)!; // the caller has at least one
        int width = _across.Patches;
        float[] sum = new float[width * _down.Patches],
            weight = new float[sum.Length];
        for (int i = 0; i < maps.Count; i++)
        {
            if (maps[i] is not { } map)
                continue;
            (int row, int column) = Math.DivRem(i, _across.First.Length);
            for (int y = 0; y < map.Side; y++)
            for (int x = 0; x < map.Side; x++)
            {
                int at = (_down.First[row] + y) * width + _across.First[column] + x;
                float share = _across.Weight(column, x) * _down.Weight(row, y);
                sum[at] += share * map.Raw[y * map.Side + x];
                weight[at] += share;
            }
        }

        for (int i = 0; i < sum.Length; i++)
            sum[i] /= Math.Max(weight[i], float.Epsilon);
        if (Array.Exists(weight, w => w == 0))
        {
            float[] known = [.. sum.Where((_, i) => weight[i] > 0).Order()];
            for (int i = 0; i < sum.Length; i++)
                if (weight[i] == 0)
                    sum[i] = known[known.Length / 2];
        }

        return new AnomalyMap(
            Square(sum),
            Side,
            Side * _scale,
            any.Domain,
            any.Steps.Sigma > 0 ? any.Steps with { Sigma = any.Steps.Sigma * _scale / _patch } : any.Steps
        );
    }

    private float[] Square(float[] grid)
    {
        if (_across.Patches == _down.Patches)
            return grid;
        AxisWeights across = Interpolation.Bilinear(_across.Patches, Side),
            down = Interpolation.Bilinear(_down.Patches, Side);
        float[] result = new float[Side * Side];
        for (int y = 0; y < Side; y++)
        for (int x = 0; x < Side; x++)
        for (int j = 0; j < down.Count[y]; j++)
        for (int i = 0; i < across.Count[x]; i++)
            result[y * Side + x] += (float)(
                down.Values[y * down.Taps + j]
                * across.Values[x * across.Taps + i]
                * grid[(down.First[y] + j) * _across.Patches + across.First[x] + i]
            );
        return result;
    }

    // One direction: tiles of as many patches as the model has along a side, on a grid of Patches patches over the image.
    private sealed class Axis
    {
        private readonly int _length;
        private readonly int _grid;

        public Axis(Tiling tiling, int count, int length, int grid)
        {
            (_length, _grid) = (length, grid);
            Patches = (int)Math.Ceiling(grid * tiling.Sides(count) - 1e-9);
            First = [.. Enumerable.Range(0, count).Select(i => count == 1 ? 0 : (i * (Patches - grid) + (count - 1) / 2) / (count - 1))];
        }

        public int Patches { get; }

        /// <summary>[tiles]: the first patch of each.</summary>
        public int[] First { get; }

        public int Begin(int tile) => Pixel(First[tile]);

        public int Length(int tile) => Pixel(First[tile] + _grid) - Begin(tile);

        public float Weight(int tile, int patch)
        {
            int before = tile > 0 ? First[tile - 1] + _grid - First[tile] : 0,
                after = tile + 1 < First.Length ? First[tile] + _grid - First[tile + 1] : 0;
            float weight = 1;
            if (before > 0)
                weight = Math.Min(weight, (patch + 0.5f) / before);
            if (after > 0)
                weight = Math.Min(weight, (_grid - patch - 0.5f) / after);
            return weight;
        }

        private int Pixel(int patch) => (int)(((long)patch * _length * 2 + Patches) / (2L * Patches));
    }
}
