using AaClip.Scoring.Images;

namespace AaClip.Tests;

/// <summary>Small noisy images in MVTec's layout, half of them with a square of one brightness and its mask.</summary>
internal static class SpotImages
{
    public const int Side = 42;

    /// <summary>Writes pairs of a normal and an anomalous image of the class "part".</summary>
    public static void Draw(string folder, int pairs, byte brightness = 250)
    {
        for (int i = 0; i < pairs; i++)
        {
            Draw(folder, $"part/test/good/{i}.png", i, null);
            Draw(folder, $"part/test/spot/{i}.png", i, brightness);
        }
    }

    private static void Draw(string folder, string name, int seed, byte? spot)
    {
        Random random = new(seed);
        byte[] pixels = new byte[Side * Side * 3],
            mask = new byte[Side * Side * 3];
        random.NextBytes(pixels);
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(100 + pixels[i] / 8);
        int x0 = random.Next(4, 28),
            y0 = random.Next(4, 28);
        for (int y = y0; y < y0 + 10 && spot is not null; y++)
            pixels.AsSpan((y * Side + x0) * 3, 30).Fill(spot.Value);
        for (int y = y0; y < y0 + 10 && spot is not null; y++)
            mask.AsSpan((y * Side + x0) * 3, 30).Fill(255);
        Save(name, pixels);
        if (spot is not null)
            Save(
                name.Replace("test/", "ground_truth/", StringComparison.Ordinal).Replace(".png", "_mask.png", StringComparison.Ordinal),
                mask
            );

        void Save(string relative, byte[] values)
        {
            string path = Path.Combine(folder, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!); // a file lies in a folder
            File.WriteAllBytes(path, ImageEncoder.Png(new RgbImage(Side, Side, values)));
        }
    }
}
