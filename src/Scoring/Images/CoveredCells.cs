namespace AaClip.Scoring.Images;

/// <summary>
/// Overlapping cells of an image, each of which can be covered by the median of its surroundings: 7 x 7, each a quarter of the image wide
/// and high, half of it shared with the next. So whatever is at most an eighth of the image wide and high lies inside of some cell.
/// </summary>
public static class CoveredCells
{
    /// <summary>Cells in a row and in a column.</summary>
    public const int Side = 7;

    /// <summary>The cells of an image, row by row; in a very small image some are empty and left out.</summary>
    /// <param name="width">Columns of the image.</param>
    /// <param name="height">Rows of the image.</param>
    public static IEnumerable<ImageCell> Of(int width, int height)
    {
        for (int row = 0; row < Side; row++)
        for (int column = 0; column < Side; column++)
        {
            (int left, int right) = (Line(column, width), Line(column + 2, width));
            (int top, int bottom) = (Line(row, height), Line(row + 2, height));
            if (right > left && bottom > top)
                yield return new ImageCell(left, top, right - left, bottom - top);
        }
    }

    /// <summary>Copies an image, with a cell filled by one colour.</summary>
    /// <returns>
    /// Each channel of the cell has the median of the ring around it, half a cell wide on each side and cut off at the image's border.
    /// </returns>
    public static RgbImage Cover(RgbImage image, ImageCell cell)
    {
        int[][] counts = [new int[256], new int[256], new int[256]];
        (int left, int right) = (Math.Max(0, cell.X - cell.Width / 2), Math.Min(image.Width, cell.X + cell.Width + cell.Width / 2));
        (int top, int bottom) = (Math.Max(0, cell.Y - cell.Height / 2), Math.Min(image.Height, cell.Y + cell.Height + cell.Height / 2));
        for (int y = top; y < bottom; y++)
        {
            bool beside = y >= cell.Y && y < cell.Y + cell.Height;
            Count(left, beside ? cell.X : right);
            if (beside)
                Count(cell.X + cell.Width, right);

            void Count(int from, int to)
            {
                for (int i = 3 * (y * image.Width + from); i < 3 * (y * image.Width + to); i += 3)
                {
                    counts[0][image.Pixels[i]]++;
                    counts[1][image.Pixels[i + 1]]++;
                    counts[2][image.Pixels[i + 2]]++;
                }
            }
        }

        byte[] pixels = image.Pixels.AsSpan().ToArray();
        (byte red, byte green, byte blue) = (Median(counts[0]), Median(counts[1]), Median(counts[2]));
        for (int y = cell.Y; y < cell.Y + cell.Height; y++)
        for (int i = 3 * (y * image.Width + cell.X); i < 3 * (y * image.Width + cell.X + cell.Width); i += 3)
            (pixels[i], pixels[i + 1], pixels[i + 2]) = (red, green, blue);
        return new RgbImage(image.Width, image.Height, pixels);
    }

    private static int Line(int number, int length) => (int)((long)length * number / (Side + 1));

    // The lower of the two middle values; 0 if nothing surrounds the cell, which is then the whole image
    private static byte Median(int[] counts)
    {
        int half = (counts.Sum() + 1) / 2;
        for (int value = 0, below = 0; value < counts.Length; value++)
            if ((below += counts[value]) >= half)
                return (byte)value;
        return 0;
    }
}

/// <summary>A rectangle of an image, in pixels.</summary>
/// <param name="X">First column.</param>
/// <param name="Y">First row.</param>
/// <param name="Width">Columns, at least 1.</param>
/// <param name="Height">Rows, at least 1.</param>
public readonly record struct ImageCell(int X, int Y, int Width, int Height);
