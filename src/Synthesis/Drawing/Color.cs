namespace AaClip.Synthesis.Drawing;

/// <summary>An RGB colour, each component from 0 (dark) to 1.</summary>
internal readonly record struct Color(float R, float G, float B)
{
    /// <summary>Makes a colour from hue (0 to 1, cyclic), saturation and brightness.</summary>
    public static Color Hsv(float hue, float saturation, float value)
    {
        return new Color(Part(5), Part(3), Part(1));

        float Part(int n)
        {
            float k = (n + 6 * hue) % 6;
            return value - value * saturation * Math.Clamp(Math.Min(k, 4 - k), 0, 1);
        }
    }

    public static Color operator *(Color c, float f) => new(c.R * f, c.G * f, c.B * f);

    public static Color operator +(Color a, Color b) => new(a.R + b.R, a.G + b.G, a.B + b.B);

    /// <summary>Mixes in a share of another colour.</summary>
    public Color Toward(Color other, float share) => this * (1 - share) + other * share;
}
