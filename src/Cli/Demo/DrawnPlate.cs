using AaClip.Scoring.Images;

namespace AaClip.Cli.Demo;

/// <summary>
/// Draws a brushed metal plate with four holes, for a demonstration without photos. A plate may have a scratch or a spot.
/// </summary>
internal static class DrawnPlate
{
    /// <summary>Size in pixels.</summary>
    public const int Width = 320,
        Height = 240;
    private const double HoleRadius = 14,
        HoleInset = 40;

    /// <summary>What is wrong with a plate.</summary>
    internal enum Flaw
    {
        /// <summary>Nothing.</summary>
        None,

        /// <summary>A bright line across.</summary>
        Scratch,

        /// <summary>A dark stain.</summary>
        Spot,
    }

    /// <summary>Draws a plate; the same seed always gives the same plate.</summary>
    public static RgbImage Draw(int seed, Flaw flaw)
    {
        Random random = new(seed);
        (double x, double y, double angle) = (
            60 + random.NextDouble() * 200,
            50 + random.NextDouble() * 140,
            random.NextDouble() * Math.PI
        );
        double length = 50 + random.NextDouble() * 50,
            radius = 10 + random.NextDouble() * 12,
            light = 150 + random.NextDouble() * 12;
        double[] brush = [.. Enumerable.Range(0, Height).Select(_ => 10 * (random.NextDouble() - 0.5))]; // strokes run along the rows
        byte[] pixels = new byte[3 * Width * Height];
        for (int row = 0, i = 0; row < Height; row++)
        {
            for (int column = 0; column < Width; column++)
            {
                double value = light + brush[row] + 4 * (random.NextDouble() - 0.5) + 18.0 * column / Width;
                if (InHole(column, row))
                    value = 30;
                (double along, double across) = Turn(column - x, row - y, angle);
                value = flaw switch
                {
                    Flaw.Scratch when Math.Abs(along) < length / 2 && Math.Abs(across) < 2.2 => 250,
                    Flaw.Spot when along * along + 1.6 * across * across < radius * radius => value * 0.35,
                    _ => value,
                };
                for (int channel = 0; channel < 3; channel++)
                    pixels[i++] = (byte)Math.Clamp(value + 3 * channel, 0, 255); // a little blue, as steel
            }
        }

        return new RgbImage(Width, Height, pixels);
    }

    private static bool InHole(int column, int row)
    {
        double x = Math.Min(column, Width - 1 - column) - HoleInset,
            y = Math.Min(row, Height - 1 - row) - HoleInset;
        return x * x + y * y < HoleRadius * HoleRadius;
    }

    private static (double Along, double Across) Turn(double x, double y, double angle) =>
        (x * Math.Cos(angle) + y * Math.Sin(angle), y * Math.Cos(angle) - x * Math.Sin(angle));
}
