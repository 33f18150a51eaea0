using System.Numerics;

namespace AaClip.Scoring.Maps;

/// <summary>
/// Enlarges a grid row by row, so that an image of many megapixels needs no map of its full size. The corners of grid and image coincide
/// (align_corners): output x samples grid column x * (side - 1) / (width - 1).
/// </summary>
internal sealed class BilinearSampler
{
    private readonly float[] _grid;
    private readonly int _side;
    private readonly int _height;
    private readonly int[] _cell; // [side]: first output between grid columns k and k + 1
    private readonly float[] _part; // [width]: position of each output between two grid columns, 0 to 1

    public BilinearSampler(float[] grid, int side, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        GaussianSmoothing.RequireSquare(grid.Length, side);
        _grid = grid;
        _side = side;
        _height = height;
        _cell = new int[side];
        _part = new float[width];
        Array.Fill(_cell, width);
        for (int x = width - 1; x >= 0; x--)
        {
            (int column, _part[x]) = Position(x, side, width);
            for (int k = column; k >= 0 && _cell[k] > x; k--)
                _cell[k] = x;
        }
    }

    /// <summary>Width of the result in pixels.</summary>
    public int Width => _part.Length;

    /// <summary>Largest difference between neighbouring pixels in the whole result.</summary>
    public float MaxSlope()
    {
        float across = 0,
            down = 0;
        for (int y = 0; y < _side; y++)
        for (int x = 1; x < _side; x++)
        {
            across = Math.Max(across, Math.Abs(_grid[y * _side + x] - _grid[y * _side + x - 1]));
            down = Math.Max(down, Math.Abs(_grid[x * _side + y] - _grid[(x - 1) * _side + y]));
        }

        return float.Hypot(across * (_side - 1) / Math.Max(Width - 1, 1), down * (_side - 1) / Math.Max(_height - 1, 1));
    }

    /// <summary>Writes one row of the result.</summary>
    /// <param name="y">0 to height - 1.</param>
    /// <param name="between">Scratch buffer, at least as long as the grid's side.</param>
    /// <param name="row">[width].</param>
    public void Row(int y, Span<float> between, Span<float> row)
    {
        (int above, float part) = Position(y, _side, _height);
        ReadOnlySpan<float> upper = _grid.AsSpan(above * _side, _side);
        ReadOnlySpan<float> lower = _grid.AsSpan(Math.Min(above + 1, _side - 1) * _side, _side);
        for (int k = 0; k < _side; k++)
            between[k] = upper[k] + (lower[k] - upper[k]) * part;

        for (int k = 0; k < _side; k++)
        {
            int begin = _cell[k],
                end = k + 1 < _side ? _cell[k + 1] : row.Length;
            float start = between[k],
                step = between[Math.Min(k + 1, _side - 1)] - start;
            ReadOnlySpan<float> parts = _part.AsSpan(begin, end - begin);
            Span<float> to = row[begin..end];
            int vector = Vector<float>.Count;
            if (to.Length < vector)
            {
                for (int i = 0; i < to.Length; i++)
                    to[i] = start + parts[i] * step;
                continue;
            }

            Vector<float> starts = new(start);
            for (int i = 0; i < to.Length; i += vector)
            {
                int at = Math.Min(i, to.Length - vector); // the last vector may write some values a second time
                (starts + new Vector<float>(parts[at..]) * step).CopyTo(to[at..]);
            }
        }
    }

    private static (int Index, float Part) Position(int i, int side, int length)
    {
        if (length == 1)
            return (0, 0);
        double at = (double)i * (side - 1) / (length - 1);
        int index = (int)at;
        return (index, (float)(at - index));
    }
}
