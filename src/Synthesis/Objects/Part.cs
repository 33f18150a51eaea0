using AaClip.Synthesis.Drawing;
using AaClip.Synthesis.Textures;

namespace AaClip.Synthesis.Objects;

/// <summary>Draws a part on a background with its shadow: an outline with a material, rotated, moved and scaled at random.</summary>
internal static class Part
{
    /// <summary>Draws the part.</summary>
    /// <param name="outline">Signed distance to the outline, in the coordinates of the part.</param>
    /// <param name="material">Colour of the material, in the same coordinates.</param>
    /// <param name="details">Brightness factor of details, in the same coordinates; 1 leaves the material unchanged.</param>
    public static void Draw(
        Canvas canvas,
        SeededRandom r,
        Func<float, float, float> outline,
        Func<float, float, Color> material,
        Func<float, float, float>? details = null
    )
    {
        Func<float, float, Color> ground = Surface.Ground(r);
        double angle = r.Between(0, 2 * Math.PI);
        float scale = Surface.F(r, 0.85, 1.05),
            mx = Surface.F(r, -0.1, 0.1),
            my = Surface.F(r, -0.1, 0.1);
        (float c, float s) = ((float)Math.Cos(angle), (float)Math.Sin(angle));
        (float shadowX, float shadowY, float shade) = (Surface.F(r, -0.06, 0.06), Surface.F(r, 0.01, 0.08), Surface.F(r, 0.25, 0.55));
        double light = r.Between(0, 2 * Math.PI);
        (float lx, float ly) = ((float)Math.Cos(light), (float)Math.Sin(light));
        float edge = canvas.Size / 2f * scale; // pixels per unit of distance
        canvas.Fill(ground);
        Color[] behind = new Color[canvas.Pixels.Length];
        float step = 2f / canvas.Size;
        for (int y = 0, i = 0; y < canvas.Size; y++)
        for (int x = 0; x < canvas.Size; x++, i++)
        {
            float px = (x + 0.5f) * step - 1,
                py = (y + 0.5f) * step - 1;
            (float u, float v) = Frame(px, py);
            (float su, float sv) = Frame(px - shadowX, py - shadowY);
            float shadow = Math.Clamp(0.5f - outline(su, sv) * 7, 0, 1);
            canvas.Pixels[i] = behind[i] = canvas.Pixels[i] * (1 - shade * shadow);
            float d = outline(u, v),
                cover = Math.Clamp(0.5f - d * edge, 0, 1);
            if (cover <= 0)
                continue;
            float bevel = Math.Clamp(1 + d * 9, 0, 1); // 1 at the edge, 0 inside
            const float E = 0.02f;
            float nx = outline(u + E, v) - d,
                ny = outline(u, v + E) - d; // normal of the outline, in part coordinates
            float facing = ((c * nx + s * ny) * lx + (c * ny - s * nx) * ly) / E;
            Color color = material(u, v) * ((details?.Invoke(u, v) ?? 1) * (1 + 0.28f * bevel * facing));
            canvas.Blend(i, color, cover);
            canvas.Object[i] = cover;
        }

        canvas.Behind = behind;

        (float, float) Frame(float x, float y)
        {
            (float dx, float dy) = ((x - mx) / scale, (y - my) / scale);
            return (c * dx - s * dy, s * dx + c * dy);
        }
    }
}
