namespace AaClip.Scoring.Images;

/// <summary>
/// Detects images without content: a black, white or blue frame of a camera without a signal, a frame taken with the lens cap on, a single
/// pixel. The model finds no anomaly in them, so without this check a broken camera would report only good parts.
/// </summary>
public static class BlankImage
{
    private const int Sample = 4096,
        Doubtful = 100; // pixels in the first, quick check; 1 in 100 of them may differ
    private const int Outliers = 10_000; // 1 in so many pixels may differ: hot and dead pixels
    private const int OneColour = 2; // largest range, in levels of 255
    private const int DarkSpread = 8,
        DarkMost = 32; // sensor noise in the dark, around the sensor's black level

    /// <summary>Throws when the image is blank.</summary>
    /// <param name="name">The image's name in the message.</param>
    /// <param name="patch">Pixels along a side of the model's patches.</param>
    /// <exception cref="ImageRejectedException">
    /// The image has fewer pixels than one patch; or it has one colour: every channel varies by at most 2 levels of 255; or it is dark:
    /// every channel varies by at most 8 levels and has no level above 32. The darkest and the brightest 1 in 10,000 pixels of a channel
    /// are ignored.
    /// </exception>
    public static void Refuse(RgbImage image, string name, int patch)
    {
        if (Why(ImageWindow.Of(image), patch) is { } what)
            throw new ImageRejectedException(
                ImageRejection.Blank,
                $"Image '{name}' {what}, so it shows nothing to judge: check the camera, its light and its lens cap."
            );
    }

    /// <summary>Whether a part of an image is blank, as <see cref="Refuse"/> decides it for an image.</summary>
    /// <param name="patch">Pixels along a side of the model's patches.</param>
    internal static bool Is(ImageWindow part, int patch) => Why(part, patch) is not null;

    private static string? Why(ImageWindow image, int patch)
    {
        int pixels = image.Width * image.Height;
        if (pixels < patch * patch)
            return $"has {image.Width} x {image.Height} pixels, fewer than one patch of the model ({patch} x {patch})";
        int step = Math.Max(1, pixels / Sample) | 1; // odd, so that the samples come from different columns
        if (!IsBlank(image, step, Doubtful, out _) || !IsBlank(image, 1, Outliers, out (int Low, int High) levels))
            return null;
        return levels.High - levels.Low <= OneColour ? "has one colour" : $"is dark: its levels are {levels.Low} to {levels.High} of 255";
    }

    // The returned levels are those of the channel with the largest range.
    private static bool IsBlank(ImageWindow image, int step, int outliers, out (int Low, int High) levels)
    {
        levels = default;
        int most = 0;
        for (int channel = 0; channel < 3; channel++)
        {
            int[] counts = new int[256];
            int all = 0;
            long at = channel; // in the row, which the last step may be beyond
            for (int y = 0; y < image.Height; y++, at -= 3L * image.Width)
            {
                if (at >= 3L * image.Width)
                    continue;
                ReadOnlySpan<byte> row = image.Row(y);
                for (; at < row.Length; at += 3L * step, all++)
                    counts[row[(int)at]]++;
            }

            (int low, int high) = (Level(counts, all / outliers, 0, 1), Level(counts, all / outliers, 255, -1));
            most = Math.Max(most, high);
            levels = high - low >= levels.High - levels.Low ? (low, high) : levels;
        }

        int spread = levels.High - levels.Low;
        return spread <= OneColour || (spread <= DarkSpread && most <= DarkMost);
    }

    private static int Level(int[] counts, int ignored, int from, int direction)
    {
        int level = from;
        for (int seen = counts[level]; seen <= ignored; seen += counts[level])
            level += direction;
        return level;
    }
}
