using AaClip.Scoring.Images;

namespace AaClip.Tests;

/// <summary>Pictures drawn from a seed: soft stripes, discs, scratches and grain, so that a small model finds them different.</summary>
internal static class Pictures
{
    /// <summary>One picture; the same seed always gives the same.</summary>
    public static RgbImage Draw(int seed, int width = 150, int height = 130)
    {
        Random random = new(seed);
        (double angle, double period, double tint) = (random.NextDouble() * Math.PI, 6 + random.NextDouble() * 40, random.NextDouble());
        (double x, double y, double radius) = (random.NextDouble() * width, random.NextDouble() * height, 5 + random.NextDouble() * 30);
        double grain = random.NextDouble() * 40;
        byte[] pixels = new byte[3 * width * height];
        for (int row = 0, i = 0; row < height; row++)
        for (int column = 0; column < width; column++)
        {
            double light = 128 + 60 * Math.Sin((column * Math.Cos(angle) + row * Math.Sin(angle)) * 2 * Math.PI / period);
            if (Math.Pow(column - x, 2) + Math.Pow(row - y, 2) < radius * radius)
                light = 255 - light;
            light += grain * (random.NextDouble() - 0.5);
            for (int channel = 0; channel < 3; channel++)
                pixels[i++] = (byte)Math.Clamp(light * (1 - 0.4 * tint * channel / 2), 0, 255);
        }

        return new RgbImage(width, height, pixels);
    }
}
