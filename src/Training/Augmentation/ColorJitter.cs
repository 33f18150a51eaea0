using AaClip.Scoring.Images;
using AaClip.Synthesis.Drawing;

namespace AaClip.Training.Augmentation;

/// <summary>Changes brightness, contrast and saturation like Pillow, on bytes (specification 6.1; dataset of the published code).</summary>
public static class ColorJitter
{
    private const double Probability = 0.7,
        Least = 0.5,
        Most = 1.5;

    /// <summary>Applies each of the three changes with probability 0.7, by a factor of 0.5 to 1.5.</summary>
    public static RgbImage Apply(RgbImage image, SeededRandom random)
    {
        if (random.Chance(Probability))
            image = Brightness(image, random.Between(Least, Most));
        if (random.Chance(Probability))
            image = Contrast(image, random.Between(Least, Most));
        if (random.Chance(Probability))
            image = Saturation(image, random.Between(Least, Most));
        return image;
    }

    /// <summary>Scales the brightness: factor 0 gives black, 1 the image.</summary>
    public static RgbImage Brightness(RgbImage image, double factor)
    {
        byte[] table = Table(0, (float)factor);
        return new RgbImage(image.Width, image.Height, Array.ConvertAll(image.Pixels, p => table[p]));
    }

    /// <summary>Scales the contrast: factor 0 gives the image's mean grey, 1 the image.</summary>
    public static RgbImage Contrast(RgbImage image, double factor)
    {
        long sum = 0;
        for (int i = 0; i < image.Pixels.Length; i += 3)
            sum += Grey(image.Pixels, i);
        byte mean = (byte)((double)sum / (image.Pixels.Length / 3) + 0.5);
        byte[] table = Table(mean, (float)factor);
        return new RgbImage(image.Width, image.Height, Array.ConvertAll(image.Pixels, p => table[p]));
    }

    /// <summary>Scales the saturation: factor 0 gives a grey image, 1 the image.</summary>
    public static RgbImage Saturation(RgbImage image, double factor)
    {
        byte[] from = image.Pixels,
            to = new byte[from.Length];
        float f = (float)factor;
        for (int i = 0; i < from.Length; i += 3)
        {
            int grey = Grey(from, i);
            to[i] = Blend(grey, from[i], f);
            to[i + 1] = Blend(grey, from[i + 1], f);
            to[i + 2] = Blend(grey, from[i + 2], f);
        }

        return new RgbImage(image.Width, image.Height, to);
    }

    private static int Grey(byte[] pixels, int i) => (19595 * pixels[i] + 38470 * pixels[i + 1] + 7471 * pixels[i + 2] + 32768) >> 16;

    private static byte[] Table(byte degenerate, float factor)
    {
        byte[] table = new byte[256];
        for (int i = 0; i < 256; i++)
            table[i] = Blend(degenerate, (byte)i, factor);
        return table;
    }

    private static byte Blend(int degenerate, byte value, float factor) =>
        (byte)Math.Clamp(degenerate + factor * (value - degenerate), 0f, 255f);
}
