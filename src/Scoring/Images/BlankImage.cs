namespace AaClip.Scoring.Images;

/// <summary>
/// Images that show nothing: a black, white or blue frame of a camera without a signal, a lens cap, a pixel. The model finds nothing wrong
/// with them, so that a dead camera would count as good parts.
/// </summary>
public static class BlankImage
{
    private const int Sample = 4096,
        Doubtful = 100; // pixels that are looked at first; of so many one may be anything
    private const int Outliers = 10_000; // of all pixels: hot and dead ones
    private const int OneColour = 2; // levels of 255
    private const int DarkSpread = 8,
        DarkMost = 32; // noise of a sensor in the dark, around its black level

    /// <summary>Throws when the image shows nothing.</summary>
    /// <param name="name">What to call the image in the message.</param>
    /// <param name="patch">Pixels along a side of the model's patches.</param>
    /// <exception cref="ImageRejectedException">It has fewer pixels than a patch, or of all but one pixel in 10,000 no channel varies by
    /// more than 2 levels of 255, or by more than 8 while all is darker than 32.</exception>
    public static void Refuse(RgbImage image, string name, int patch)
    {
        int pixels = image.Width * image.Height;
        if (pixels < patch * patch)
            throw Blank($"has {image.Width} x {image.Height} pixels, fewer than one patch of the model ({patch} x {patch})");
        int step = Math.Max(1, pixels / Sample) | 1; // odd, so that columns take turns
        if (!IsBlank(image.Pixels, step, Doubtful, out _) || !IsBlank(image.Pixels, 1, Outliers, out (int Low, int High) levels))
            return;
        throw Blank(
            levels.High - levels.Low <= OneColour ? "has one colour" : $"is dark: its levels are {levels.Low} to {levels.High} of 255"
        );

        ImageRejectedException Blank(string what) =>
            new(
                ImageRejection.Blank,
                $"Image '{name}' {what}, so it shows nothing to judge: check the camera, its light and its lens cap."
            );
    }

    // The levels are those of the channel that varies most.
    private static bool IsBlank(byte[] pixels, int step, int outliers, out (int Low, int High) levels)
    {
        levels = default;
        int most = 0;
        for (int channel = 0; channel < 3; channel++)
        {
            int[] counts = new int[256];
            int all = 0;
            for (long at = channel; at < pixels.Length; at += 3L * step, all++)
                counts[pixels[at]]++;
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
