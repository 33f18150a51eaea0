using AaClip.Synthesis.Drawing;

namespace AaClip.Synthesis.Textures;

/// <summary>
/// Materials. Each method makes one random piece and returns its colour by coordinates (−1 to 1 along each axis). The look differs from
/// piece to piece.
/// </summary>
internal static class Surface
{
    public static Func<float, float, Color> Wood(SeededRandom r)
    {
        Noise noise = new(r.Next());
        Color light = Color.Hsv(F(r, 0.06, 0.11), F(r, 0.35, 0.6), F(r, 0.6, 0.85)),
            dark = light * F(r, 0.55, 0.75);
        float rings = F(r, 5, 12);
        (float c, float s) = Turn(r, 0.12);
        return (x, y) =>
        {
            (float u, float v) = (c * x - s * y, s * x + c * y);
            float grain = noise.Sum(u * 1.2f, v * rings, 3) + 0.35f * noise.At(u * 3, v * 60);
            return light.Toward(dark, Math.Clamp(0.45f + 0.7f * grain, 0, 1));
        };
    }

    public static Func<float, float, Color> Fabric(SeededRandom r)
    {
        Noise noise = new(r.Next());
        Color warp = Color.Hsv(F(r, 0, 1), F(r, 0.1, 0.6), F(r, 0.45, 0.85)),
            weft = warp * F(r, 0.6, 0.85);
        float threads = F(r, 14, 26);
        (float c, float s) = Turn(r, 0.5);
        return (x, y) =>
        {
            (float u, float v) = ((c * x - s * y) * threads, (s * x + c * y) * threads);
            float a = MathF.Sin(MathF.PI * u) * MathF.Sin(MathF.PI * v);
            float over = ((int)MathF.Floor(u) + (int)MathF.Floor(v) & 1) == 0 ? 1 : 0;
            return (over > 0 ? warp : weft) * (0.75f + 0.25f * Math.Abs(a) + 0.08f * noise.Sum(u / 3, v / 3, 2));
        };
    }

    public static Func<float, float, Color> Leather(SeededRandom r)
    {
        Noise noise = new(r.Next()),
            fine = new(r.Next());
        Color color = Color.Hsv(F(r, 0, 0.12), F(r, 0.3, 0.7), F(r, 0.25, 0.6));
        float scale = F(r, 7, 14);
        return (x, y) =>
        {
            float wrinkle = 1 - Math.Abs(noise.Sum(x * scale, y * scale, 3)) * 3;
            return color * (0.95f + 0.12f * fine.Sum(x * 30, y * 30, 2) - 0.22f * Math.Max(0, wrinkle));
        };
    }

    public static Func<float, float, Color> Carpet(SeededRandom r)
    {
        Noise noise = new(r.Next()),
            tone = new(r.Next());
        Color color = Color.Hsv(F(r, 0, 1), F(r, 0.05, 0.4), F(r, 0.35, 0.75));
        float fibre = F(r, 35, 60);
        return (x, y) => color * (0.85f + 0.5f * noise.Sum(x * fibre, y * fibre, 2) + 0.12f * tone.At(x * 4, y * 4));
    }

    public static Func<float, float, Color> Tile(SeededRandom r)
    {
        Noise noise = new(r.Next()),
            cells = new(r.Next());
        Color ground = Color.Hsv(F(r, 0, 1), F(r, 0, 0.15), F(r, 0.6, 0.9)),
            speck = ground * F(r, 0.3, 0.6);
        float density = F(r, 18, 40);
        return (x, y) =>
        {
            int cx = (int)MathF.Floor(x * density),
                cy = (int)MathF.Floor(y * density);
            float dx = x * density - cx - 0.5f,
                dy = y * density - cy - 0.5f,
                size = 0.55f * cells.Cell(cx, cy);
            float inside = Math.Clamp((size - MathF.Sqrt(dx * dx + dy * dy)) * 6, 0, 1);
            return ground.Toward(speck, inside) * (1 + 0.06f * noise.Sum(x * 3, y * 3, 3));
        };
    }

    public static Func<float, float, Color> BrushedMetal(SeededRandom r)
    {
        Noise noise = new(r.Next()),
            sheen = new(r.Next());
        Color color = Color.Hsv(F(r, 0.5, 0.7), F(r, 0, 0.12), F(r, 0.5, 0.8));
        (float c, float s) = Turn(r, 3);
        return (x, y) =>
        {
            (float u, float v) = (c * x - s * y, s * x + c * y);
            return color * (0.95f + 0.16f * noise.Sum(u * 1.5f, v * 70, 2) + 0.12f * sheen.At(u, v * 1.5f));
        };
    }

    public static Func<float, float, Color> Concrete(SeededRandom r)
    {
        Noise noise = new(r.Next()),
            pores = new(r.Next());
        Color color = Color.Hsv(F(r, 0.08, 0.6), F(r, 0, 0.08), F(r, 0.45, 0.75));
        return (x, y) =>
        {
            float pore = pores.Cell((int)MathF.Floor(x * 50), (int)MathF.Floor(y * 50)) > 0.985f ? 0.12f : 0;
            return color * (0.95f + 0.22f * noise.Sum(x * 5, y * 5, 5) - pore);
        };
    }

    public static Func<float, float, Color> Paper(SeededRandom r)
    {
        Noise noise = new(r.Next());
        Color color = Color.Hsv(F(r, 0.05, 0.2), F(r, 0, 0.2), F(r, 0.75, 0.95));
        float lines = r.Chance(0.5) ? F(r, 6, 12) : 0;
        return (x, y) =>
            color * (0.97f + 0.06f * noise.Sum(x * 20, y * 20, 3) - (lines > 0 && Math.Abs(y * lines % 1) < 0.06f ? 0.12f : 0));
    }

    public static Func<float, float, Color> Cork(SeededRandom r)
    {
        Noise noise = new(r.Next()),
            grains = new(r.Next());
        Color color = Color.Hsv(F(r, 0.07, 0.1), F(r, 0.35, 0.55), F(r, 0.6, 0.8));
        float scale = F(r, 12, 20);
        return (x, y) => color * (0.95f + 0.35f * noise.Sum(x * scale, y * scale, 3) + 0.15f * grains.At(x * 45, y * 45));
    }

    public static Func<float, float, Color> Mesh(SeededRandom r)
    {
        Noise noise = new(r.Next());
        Color wire = Color.Hsv(F(r, 0.5, 0.7), F(r, 0, 0.15), F(r, 0.6, 0.85)),
            gap = Color.Hsv(F(r, 0, 1), F(r, 0, 0.3), F(r, 0.05, 0.25));
        float count = F(r, 7, 13),
            width = F(r, 0.16, 0.26);
        (float c, float s) = Turn(r, 0.8);
        return (x, y) =>
        {
            (float u, float v) = ((c * x - s * y) * count, (s * x + c * y) * count);
            float du = Math.Abs(u - MathF.Round(u)),
                dv = Math.Abs(v - MathF.Round(v)),
                d = Math.Min(du, dv);
            float cover = Math.Clamp((width - d) * 10, 0, 1);
            return gap.Toward(wire * (1.1f - 1.6f * d + 0.05f * noise.At(u * 4, v * 4)), cover);
        };
    }

    /// <summary>A plate with rows of holes.</summary>
    public static Func<float, float, Color> Perforated(SeededRandom r)
    {
        Noise noise = new(r.Next());
        Color plate = Color.Hsv(F(r, 0, 1), F(r, 0, 0.4), F(r, 0.4, 0.85)),
            hole = plate * F(r, 0.1, 0.5);
        float count = F(r, 5, 14),
            radius = F(r, 0.2, 0.42),
            offset = r.Chance(0.5) ? 0.5f : 0;
        (float c, float s) = Turn(r, 0.8);
        return (x, y) =>
        {
            (float u, float v) = ((c * x - s * y) * count, (s * x + c * y) * count);
            float row = MathF.Round(v),
                dv = v - row,
                du = u + ((int)row & 1) * offset;
            du -= MathF.Round(du);
            float inside = Math.Clamp((radius - MathF.Sqrt(du * du + dv * dv)) * 9, 0, 1);
            return (plate * (1 + 0.08f * noise.Sum(x * 9, y * 9, 3))).Toward(hole, inside);
        };
    }

    /// <summary>Bricks, or tiles with joints.</summary>
    public static Func<float, float, Color> Bricks(SeededRandom r)
    {
        Noise noise = new(r.Next()),
            tone = new(r.Next());
        Color brick = Color.Hsv(F(r, 0, 1), F(r, 0, 0.6), F(r, 0.35, 0.85)),
            joint = r.Chance(0.5) ? brick * F(r, 0.3, 0.7) : Color.Hsv(0, 0, F(r, 0.6, 0.95));
        float rows = F(r, 3, 11),
            aspect = F(r, 0.4, 1),
            gap = F(r, 0.05, 0.2),
            offset = r.Chance(0.6) ? 0.5f : 0;
        (float c, float s) = Turn(r, 0.8);
        return (x, y) =>
        {
            (float u, float v) = ((c * x - s * y) * rows * aspect, (s * x + c * y) * rows);
            int row = (int)MathF.Floor(v);
            u += (row & 1) * offset;
            float du = 0.5f - Math.Abs(u - MathF.Floor(u) - 0.5f),
                dv = 0.5f - Math.Abs(v - row - 0.5f);
            float edge = Math.Min(du / aspect, dv);
            float inside = Math.Clamp((edge - gap / 2) * 14, 0, 1);
            return joint.Toward(
                brick * (0.92f + 0.16f * tone.Cell((int)MathF.Floor(u), row) + 0.15f * noise.Sum(x * 14, y * 14, 3)),
                inside
            );
        };
    }

    public static Func<float, float, Color> Rubber(SeededRandom r)
    {
        Noise noise = new(r.Next());
        Color color = Color.Hsv(F(r, 0, 1), F(r, 0, 0.5), F(r, 0.22, 0.5));
        float ribs = F(r, 10, 20);
        return (x, y) => color * (0.95f + 0.2f * MathF.Sin(MathF.PI * x * ribs) + 0.2f * noise.Sum(x * 25, y * 25, 2));
    }

    /// <summary>A uniform coat of paint or plastic, with a faint texture.</summary>
    public static Func<float, float, Color> Coat(SeededRandom r)
    {
        Noise noise = new(r.Next());
        Color color = Color.Hsv(F(r, 0, 1), F(r, 0.2, 0.8), F(r, 0.4, 0.9));
        float depth = F(r, 0.03, 0.12),
            scale = F(r, 6, 25);
        return (x, y) => color * (1 + depth * noise.Sum(x * scale, y * scale, 3));
    }

    /// <summary>Smooth metal with bands of reflected light.</summary>
    public static Func<float, float, Color> Steel(SeededRandom r)
    {
        Noise noise = new(r.Next());
        Color color = r.Chance(0.25)
            ? Color.Hsv(F(r, 0.08, 0.14), F(r, 0.3, 0.5), F(r, 0.6, 0.85))
            : Color.Hsv(F(r, 0.5, 0.7), F(r, 0, 0.1), F(r, 0.45, 0.85));
        float bands = F(r, 1, 3);
        return (x, y) => color * (0.95f + 0.15f * MathF.Sin(bands * (x + y)) + 0.06f * noise.Sum(x * 18, y * 18, 2));
    }

    /// <summary>A random background for parts.</summary>
    public static Func<float, float, Color> Ground(SeededRandom r) =>
        r.Below(5) switch
        {
            0 => Concrete(r),
            1 => Carpet(r),
            2 => Paper(r),
            3 => Coat(r),
            _ => BrushedMetal(r),
        };

    internal static float F(SeededRandom r, double low, double high) => (float)r.Between(low, high);

    private static (float C, float S) Turn(SeededRandom r, double most)
    {
        double angle = r.Between(-most, most);
        return ((float)Math.Cos(angle), (float)Math.Sin(angle));
    }
}
