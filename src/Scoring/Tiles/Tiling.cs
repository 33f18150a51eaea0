using System.Globalization;

namespace AaClip.Scoring.Tiles;

/// <summary>How images are cut into tiles: into columns and rows, or into tiles of at most some pixels a side.</summary>
/// <param name="Columns">1 to <see cref="MaxAlong"/>; 0 if <paramref name="Pixels"/> decides.</param>
/// <param name="Rows">As <paramref name="Columns"/>; both together make at most <see cref="MaxTiles"/> tiles.</param>
/// <param name="Pixels">Longest side of a tile, <see cref="MinPixels"/> to <see cref="MaxPixels"/>; 0 for a grid.</param>
/// <param name="Overlap">Share of a tile's side that it has in common with the next tile, 0 to <see cref="MaxOverlap"/>.</param>
public readonly record struct Tiling(int Columns, int Rows, int Pixels, double Overlap = Tiling.DefaultOverlap)
{
    /// <summary>Most tiles of an image.</summary>
    public const int MaxTiles = 64;

    /// <summary>Most tiles in a row or in a column.</summary>
    public const int MaxAlong = 16;

    /// <summary>Smallest <see cref="Pixels"/>.</summary>
    public const int MinPixels = 32;

    /// <summary>Largest <see cref="Pixels"/>.</summary>
    public const int MaxPixels = 30_000;

    /// <summary><see cref="Overlap"/> where nothing is said.</summary>
    public const double DefaultOverlap = 0.25;

    /// <summary>Largest <see cref="Overlap"/>.</summary>
    public const double MaxOverlap = 0.5;

    private const double Slack = 1e-9; // of numbers that are whole but for rounding

    /// <summary>What <see cref="Parse"/> accepts, for messages.</summary>
    public static string Expected { get; } =
        $"a grid of columns and rows such as '3x2', with at most {MaxAlong} along a side and {MaxTiles} tiles in all, or the longest side "
        + $"of a tile in pixels such as '1024', {MinPixels} to {MaxPixels}";

    /// <summary>Reads "3x2" (columns and rows) or "1024" (pixels).</summary>
    /// <returns>Null for another text.</returns>
    public static Tiling? Parse(string text) =>
        text.Split('x') switch
        {
            [var pixels] when Whole(pixels) is >= MinPixels and <= MaxPixels and { } side => new Tiling(0, 0, side),
            [var columns, var rows]
                when Whole(columns) is >= 1 and <= MaxAlong and { } across
                    && Whole(rows) is >= 1 and <= MaxAlong and { } down
                    && across * down <= MaxTiles => new Tiling(across, down, 0),
            _ => null,
        };

    /// <summary>
    /// Columns and rows for an image. Where tiles of <see cref="Pixels"/> would be too many, they are made larger until they are not.
    /// </summary>
    internal (int Columns, int Rows) For(int width, int height)
    {
        if (Pixels == 0)
            return (Columns, Rows);
        for (double side = Pixels; ; side *= 1.01)
            if ((Along(width, side), Along(height, side)) is var (columns, rows) && Fits(columns, rows))
                return (columns, rows);
    }

    /// <summary>How many tile sides cover a side of the image: the overlaps count once.</summary>
    internal double Sides(int count) => count - (count - 1) * Overlap;

    private int Along(int length, double side) => length <= side ? 1 : (int)Math.Ceiling((length / side - Overlap) / (1 - Overlap) - Slack);

    private static bool Fits(int columns, int rows) => columns <= MaxAlong && rows <= MaxAlong && columns * rows <= MaxTiles;

    private static int? Whole(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}
