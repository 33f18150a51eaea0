using AaClip.Scoring.Images;

namespace AaClip.Synthesis.Drawing;

/// <summary>A square image while it is drawn: colours, and how much of each pixel belongs to the object.</summary>
internal sealed class Canvas(int size)
{
    /// <summary>Side in pixels.</summary>
    public int Size { get; } = size;

    /// <summary>Colours [size, size].</summary>
    public Color[] Pixels { get; private init; } = new Color[size * size];

    /// <summary>
    /// Share of the object in each pixel [size, size]: 0 background to 1 object. For a surface that fills the image it is 1 everywhere.
    /// </summary>
    public float[] Object { get; private init; } = new float[size * size];

    /// <summary>The background with the shadow, equal to <see cref="Pixels"/> outside the object; null without a background.</summary>
    public Color[]? Behind { get; set; }

    /// <summary>A canvas from a square photo; all of it counts as object.</summary>
    public static Canvas Of(RgbImage square)
    {
        Canvas canvas = new(square.Width);
        for (int i = 0; i < canvas.Pixels.Length; i++)
            canvas.Pixels[i] = new Color(square.Pixels[3 * i] / 255f, square.Pixels[3 * i + 1] / 255f, square.Pixels[3 * i + 2] / 255f);
        Array.Fill(canvas.Object, 1);
        return canvas;
    }

    public Canvas Copy() =>
        new(Size)
        {
            Pixels = [.. Pixels],
            Object = [.. Object],
            Behind = Behind,
        };

    /// <summary>Computes the colour of every pixel from its coordinates, −1 to 1 along each axis.</summary>
    public void Fill(Func<float, float, Color> paint)
    {
        float step = 2f / Size;
        for (int y = 0, i = 0; y < Size; y++)
        for (int x = 0; x < Size; x++, i++)
            Pixels[i] = paint((x + 0.5f) * step - 1, (y + 0.5f) * step - 1);
    }

    /// <summary>Mixes a colour into a pixel.</summary>
    public void Blend(int i, Color color, float share) => Pixels[i] = Pixels[i].Toward(color, share);

    /// <summary>Simulates a camera: uneven light, exposure and noise; returns bytes.</summary>
    public RgbImage Shoot(SeededRandom random)
    {
        float angle = (float)random.Between(0, 2 * Math.PI),
            slope = (float)random.Between(0, 0.22),
            exposure = (float)random.Between(0.85, 1.12);
        float noise = (float)random.Between(0.004, 0.018);
        (float dx, float dy) = (MathF.Cos(angle) * slope, MathF.Sin(angle) * slope);
        byte[] bytes = new byte[3 * Pixels.Length];
        float step = 2f / Size;
        for (int y = 0, i = 0; y < Size; y++)
        for (int x = 0; x < Size; x++, i++)
        {
            float light = exposure * (1 + dx * (x * step - 1) + dy * (y * step - 1));
            ulong bits = random.Next();
            bytes[3 * i] = Byte(Pixels[i].R * light + noise * Bell(bits));
            bytes[3 * i + 1] = Byte(Pixels[i].G * light + noise * Bell(bits >> 21));
            bytes[3 * i + 2] = Byte(Pixels[i].B * light + noise * Bell(bits >> 42));
        }

        return new RgbImage(Size, Size, bytes);

        static byte Byte(float v) => (byte)Math.Clamp(v * 255 + 0.5f, 0, 255);

        // Sum of three uniform numbers minus its mean: approximately normal.
        static float Bell(ulong bits) => ((bits & 127) + (bits >> 7 & 127) + (bits >> 14 & 127)) / 63.5f - 3;
    }
}
