using AaClip.Synthesis.Drawing;

namespace AaClip.Training.Augmentation;

/// <summary>
/// Rotates, translates and flips an image together with its mask, after normalisation (specification 6.1). Uses nearest neighbour. Pixels
/// from outside the image are 0: CLIP's mean colour, and normal in the mask.
/// </summary>
public static class GeometricAugmentation
{
    private const double Probability = 0.5,
        MostDegrees = 30,
        MostShift = 0.15;

    /// <summary>
    /// Applies each with probability 0.5: a rotation within ±30°, a translation within ±15 % of each side, and the two flips.
    /// </summary>
    /// <param name="stacked">Image and mask as [channels, height, width], changed in place.</param>
    /// <param name="scratch">Work memory of the same length.</param>
    public static void Apply(Span<float> stacked, Span<float> scratch, int height, int width, SeededRandom random)
    {
        if (random.Chance(Probability))
        {
            Rotate(stacked, scratch, height, width, random.Between(-MostDegrees, MostDegrees));
            scratch.CopyTo(stacked);
        }

        if (random.Chance(Probability))
        {
            int x = (int)Math.Round(random.Between(-MostShift * width, MostShift * width)),
                y = (int)Math.Round(random.Between(-MostShift * height, MostShift * height));
            Translate(stacked, scratch, height, width, x, y);
            scratch.CopyTo(stacked);
        }

        if (random.Chance(Probability))
            FlipHorizontal(stacked, width);
        if (random.Chance(Probability))
            FlipVertical(stacked, height, width);
    }

    /// <summary>Rotates about the centre; positive angles turn counter-clockwise.</summary>
    /// <param name="source">[channels, height, width].</param>
    /// <param name="target">The same shape.</param>
    public static void Rotate(ReadOnlySpan<float> source, Span<float> target, int height, int width, double degrees)
    {
        double angle = degrees * Math.PI / 180,
            cos = Math.Cos(angle),
            sin = Math.Sin(angle);
        double cx = (width - 1) / 2.0,
            cy = (height - 1) / 2.0;
        int plane = height * width;
        for (int y = 0; y < height; y++)
        {
            double dy = y - cy;
            for (int x = 0; x < width; x++)
            {
                double dx = x - cx;
                int fromX = (int)Math.Round(cos * dx - sin * dy + cx),
                    fromY = (int)Math.Round(sin * dx + cos * dy + cy);
                bool inside = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height;
                for (int at = y * width + x, from = fromY * width + fromX; at < target.Length; at += plane, from += plane)
                    target[at] = inside ? source[from] : 0;
            }
        }
    }

    /// <summary>Translates by whole pixels; positive values move to the right and down.</summary>
    public static void Translate(ReadOnlySpan<float> source, Span<float> target, int height, int width, int right, int down)
    {
        target.Clear();
        int length = width - Math.Abs(right);
        for (int row = 0; row < source.Length / width && length > 0; row++)
        {
            int y = row % height - down;
            if (y >= 0 && y < height)
                source.Slice((row - down) * width + Math.Max(0, -right), length).CopyTo(target[(row * width + Math.Max(0, right))..]);
        }
    }

    /// <summary>Swaps left and right.</summary>
    public static void FlipHorizontal(Span<float> image, int width)
    {
        for (int row = 0; row < image.Length; row += width)
            image.Slice(row, width).Reverse();
    }

    /// <summary>Swaps top and bottom.</summary>
    public static void FlipVertical(Span<float> image, int height, int width)
    {
        float[] kept = new float[width];
        for (int plane = 0; plane < image.Length; plane += height * width)
        for (int y = 0; y < height / 2; y++)
        {
            Span<float> upper = image.Slice(plane + y * width, width),
                lower = image.Slice(plane + (height - 1 - y) * width, width);
            upper.CopyTo(kept);
            lower.CopyTo(upper);
            kept.CopyTo(lower);
        }
    }
}
