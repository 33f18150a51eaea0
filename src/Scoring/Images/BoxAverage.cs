namespace AaClip.Scoring.Images;

/// <summary>
/// Shrinks a large image for display: each result pixel is the mean of the source pixels it covers. Needs one row of memory in addition to
/// the result.
/// </summary>
public static class BoxAverage
{
    /// <summary>Shrinks an image so that no side is longer than requested. The aspect ratio is kept.</summary>
    /// <param name="side">Maximum length of a side in pixels, at least 1.</param>
    /// <returns>A smaller image, or the given one if it already fits.</returns>
    public static RgbImage Shrink(RgbImage image, int side)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(side);
        int longest = Math.Max(image.Width, image.Height);
        if (longest <= side)
            return image;
        int width = Math.Max(1, (int)((long)image.Width * side / longest)),
            height = Math.Max(1, (int)((long)image.Height * side / longest));
        byte[] result = GC.AllocateUninitializedArray<byte>(3 * width * height);
        RowBands.Run(
            height,
            3L * image.Width * image.Height,
            (begin, end) =>
            {
                int[] sums = new int[3 * width];
                for (int y = begin; y < end; y++)
                {
                    int top = First(y, image.Height, height),
                        bottom = First(y + 1, image.Height, height);
                    Array.Clear(sums);
                    for (int row = top; row < bottom; row++)
                        AddRow(image.Pixels.AsSpan(3 * row * image.Width, 3 * image.Width), width, sums);
                    for (int x = 0; x < width; x++)
                    {
                        int count = (bottom - top) * (First(x + 1, image.Width, width) - First(x, image.Width, width));
                        for (int i = 3 * x; i < 3 * x + 3; i++)
                            result[3 * y * width + i] = (byte)((sums[i] + count / 2) / count);
                    }
                }
            }
        );
        return new RgbImage(width, height, result);
    }

    private static void AddRow(ReadOnlySpan<byte> row, int width, int[] sums)
    {
        for (int x = 0, at = 0; x < width; x++)
        {
            int end = 3 * First(x + 1, row.Length / 3, width),
                red = 0,
                green = 0,
                blue = 0;
            for (; at < end; at += 3)
                (red, green, blue) = (red + row[at], green + row[at + 1], blue + row[at + 2]);
            sums[3 * x] += red;
            sums[3 * x + 1] += green;
            sums[3 * x + 2] += blue;
        }
    }

    private static int First(int output, int inputs, int outputs) => (int)((long)output * inputs / outputs);
}
