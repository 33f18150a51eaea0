namespace AaClip.Synthesis.Drawing;

/// <summary>
/// Smooth random fields (value noise): random values on an integer grid with cubic interpolation, and sums of several octaves.
/// </summary>
internal sealed class Noise(ulong seed)
{
    /// <summary>One octave, −1 to 1.</summary>
    public float At(float x, float y)
    {
        float fx = MathF.Floor(x),
            fy = MathF.Floor(y);
        int ix = (int)fx,
            iy = (int)fy;
        float tx = x - fx,
            ty = y - fy;
        tx = tx * tx * (3 - 2 * tx);
        ty = ty * ty * (3 - 2 * ty);
        float top = Corner(ix, iy) + (Corner(ix + 1, iy) - Corner(ix, iy)) * tx;
        float bottom = Corner(ix, iy + 1) + (Corner(ix + 1, iy + 1) - Corner(ix, iy + 1)) * tx;
        return top + (bottom - top) * ty;
    }

    /// <summary>Sum of octaves, each with half the wavelength and half the amplitude of the one before; about −1 to 1.</summary>
    public float Sum(float x, float y, int octaves)
    {
        float sum = 0,
            height = 0.5f;
        for (int i = 0; i < octaves; i++)
        {
            sum += height * At(x, y);
            (x, y, height) = (2 * x + 17.3f, 2 * y + 9.1f, height / 2);
        }

        return sum;
    }

    /// <summary>A random value per grid cell, 0 to 1.</summary>
    public float Cell(int x, int y) => (Corner(x, y) + 1) / 2;

    private float Corner(int x, int y)
    {
        ulong h = seed ^ ((ulong)(uint)x * 0x9E3779B97F4A7C15) ^ ((ulong)(uint)y * 0xC2B2AE3D27D4EB4F);
        h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9;
        h = (h ^ (h >> 32)) * 0x94D049BB133111EB;
        return (int)(h >> 40) * (2f / (1 << 24)) - 1;
    }
}
