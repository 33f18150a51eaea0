using AaClip.Scoring.Images;

namespace AaClip.Bench;

/// <summary>Random images with the statistics of photos: shading, edges, grain, and a spot whose place depends on the seed.</summary>
internal static class TestImages
{
    public static RgbImage Inspection(int width, int height, int seed)
    {
        Random random = new(seed);
        byte[] pixels = new byte[3 * width * height];
        double cx = width * (0.2 + 0.6 * random.NextDouble()),
            cy = height * (0.2 + 0.6 * random.NextDouble()),
            radius = width * (0.02 + 0.1 * random.NextDouble());
        double period = width * (0.05 + 0.2 * random.NextDouble());
        for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
        {
            double shade = 90 + 80 * Math.Sin(x / period) * Math.Cos(y / period) + 50.0 * x / width;
            if (Math.Sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) < radius)
                shade *= 0.4;
            int grain = random.Next(-12, 13);
            int at = 3 * (y * width + x);
            pixels[at] = (byte)Math.Clamp(shade + grain, 0, 255);
            pixels[at + 1] = (byte)Math.Clamp(shade * 0.9 + grain, 0, 255);
            pixels[at + 2] = (byte)Math.Clamp(shade * 0.7 + grain + 20, 0, 255);
        }

        return new RgbImage(width, height, pixels);
    }
}
