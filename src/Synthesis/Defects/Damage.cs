using AaClip.Synthesis.Drawing;
using static AaClip.Synthesis.Textures.Surface;

namespace AaClip.Synthesis.Defects;

/// <summary>Draws a defect of the given kind at a random place on the object.</summary>
internal static class Damage
{
    public static void Draw(Canvas canvas, DefectKind kind, SeededRandom r)
    {
        switch (kind)
        {
            case DefectKind.Scratch:
                Scratch(canvas, r);
                break;
            case DefectKind.Crack:
                Crack(canvas, r);
                break;
            case DefectKind.Stain:
                Stain(canvas, r);
                break;
            case DefectKind.Hole:
                Hole(canvas, r);
                break;
            case DefectKind.Dent:
                Dent(canvas, r);
                break;
            case DefectKind.Contamination:
                Contamination(canvas, r);
                break;
            case DefectKind.Bent:
                Bend(canvas, r);
                break;
            case DefectKind.Pasted:
                Paste(canvas, r);
                break;
            default:
                Break(canvas, r);
                break;
        }
    }

    private static void Scratch(Canvas canvas, SeededRandom r)
    {
        Color color = Contrast(canvas, r);
        int lines = 1 + r.Below(3);
        (float x, float y) = Place(canvas, r);
        double angle = r.Between(0, 2 * Math.PI);
        for (int i = 0; i < lines; i++)
            Stroke(
                canvas,
                r,
                x + F(r, -0.08, 0.08),
                y + F(r, -0.08, 0.08),
                angle + r.Between(-0.2, 0.2),
                F(r, 0.3, 0.9),
                F(r, 0.01, 0.022),
                bend: 0.1,
                color,
                F(r, 0.7, 1)
            );
    }

    private static void Crack(Canvas canvas, SeededRandom r)
    {
        (float x, float y) = Place(canvas, r);
        double angle = r.Between(0, 2 * Math.PI);
        Color under = Under(canvas, x, y),
            // On dark material a crack shows by its bright edges
            dark = Value(under) > 0.3f ? under * F(r, 0.1, 0.4) : Color.Hsv(F(r, 0, 1), F(r, 0, 0.3), F(r, 0.55, 0.9));
        float width = F(r, 0.012, 0.028);
        Stroke(canvas, r, x, y, angle, F(r, 0.35, 1.0), width, bend: 0.9, dark, 0.95f);
        for (int i = r.Below(3); i > 0; i--)
            Stroke(
                canvas,
                r,
                x + F(r, -0.1, 0.1),
                y + F(r, -0.1, 0.1),
                angle + r.Between(-1.2, 1.2),
                F(r, 0.15, 0.4),
                width * 0.7f,
                bend: 0.9,
                dark,
                0.9f
            );
    }

    private static void Stain(Canvas canvas, SeededRandom r)
    {
        Color color = Color.Hsv(F(r, 0, 1), F(r, 0.2, 0.9), F(r, 0.1, 0.9));
        float strength = F(r, 0.5, 0.9),
            soft = F(r, 2, 8);
        Blob(
            canvas,
            r,
            F(r, 0.1, 0.35),
            soft,
            (i, share) => canvas.Blend(i, canvas.Pixels[i].Toward(color, 0.7f) * 0.95f, share * strength)
        );
    }

    private static void Hole(Canvas canvas, SeededRandom r)
    {
        Color dark = Color.Hsv(F(r, 0, 1), F(r, 0, 0.3), F(r, 0.02, 0.18));
        Blob(canvas, r, F(r, 0.06, 0.2), 14, (i, share) => canvas.Blend(i, canvas.Behind is { } behind ? behind[i] * 0.6f : dark, share));
    }

    private static void Contamination(Canvas canvas, SeededRandom r)
    {
        int count = 1 + r.Below(6);
        (float cx, float cy) = Place(canvas, r);
        Color color = Contrast(canvas, r);
        for (int k = 0; k < count; k++)
        {
            float x = cx + F(r, -0.25, 0.25),
                y = cy + F(r, -0.25, 0.25),
                size = F(r, 0.035, 0.09);
            Spot(canvas, r, x + 0.015f, y + 0.02f, size, 8, (i, share) => canvas.Blend(i, canvas.Pixels[i] * 0.5f, share * 0.7f));
            Spot(canvas, r, x, y, size, 14, (i, share) => canvas.Blend(i, color, share * 0.95f));
        }
    }

    // A hollow: one slope is lit, the other is in shade.
    private static void Dent(Canvas canvas, SeededRandom r)
    {
        (float x, float y) = Place(canvas, r);
        float radius = F(r, 0.12, 0.3),
            depth = F(r, 0.5, 0.9);
        double light = r.Between(0, 2 * Math.PI);
        (float lx, float ly) = ((float)Math.Cos(light), (float)Math.Sin(light));
        Each(
            canvas,
            x,
            y,
            radius,
            (i, dx, dy) =>
            {
                float d = MathF.Sqrt(dx * dx + dy * dy) / radius;
                if (d < 1)
                    canvas.Pixels[i] *= 1 + depth * canvas.Object[i] * (lx * dx + ly * dy) / radius * MathF.Sin(MathF.PI * d) * 1.6f;
            }
        );
    }

    // Moves pixels sideways, and lights or shades the slopes of the bulge. Parts are bent at their edge.
    private static void Bend(Canvas canvas, SeededRandom r)
    {
        (float x, float y) = canvas.Behind is null ? Place(canvas, r) : Edge(canvas, r);
        float radius = F(r, 0.22, 0.4),
            depth = F(r, 0.5, 0.9);
        double push = r.Between(0, 2 * Math.PI),
            light = r.Between(0, 2 * Math.PI);
        (float px, float py) = ((float)Math.Cos(push) * radius * 0.6f, (float)Math.Sin(push) * radius * 0.6f);
        (float lx, float ly) = ((float)Math.Cos(light), (float)Math.Sin(light));
        Color[] before = [.. canvas.Pixels];
        float[] part = [.. canvas.Object];
        int size = canvas.Size;
        Each(
            canvas,
            x,
            y,
            radius,
            (i, dx, dy) =>
            {
                float d = MathF.Sqrt(dx * dx + dy * dy) / radius;
                if (d >= 1)
                    return;
                float share = (1 - d * d) * (1 - d * d);
                int from = Pixel(y + dy - share * py, size) * size + Pixel(x + dx - share * px, size);
                canvas.Pixels[i] = before[from] * (1 + depth * part[from] * (lx * dx + ly * dy) / radius * MathF.Sin(MathF.PI * d) * 1.6f);
            }
        );
    }

    // Removes a piece of the edge and shows the background behind it.
    private static void Break(Canvas canvas, SeededRandom r)
    {
        (float x, float y) = Edge(canvas, r);
        Color[] behind = canvas.Behind ?? [.. canvas.Pixels.Select(p => p * 0.2f)];
        Spot(canvas, r, x, y, F(r, 0.18, 0.38), 12, (i, share) => canvas.Blend(i, behind[i], share));
    }

    // Copies irregular pieces from another place, rotated by multiples of 90°. Copied background makes gaps; copied object makes bridges
    // and lumps.
    private static void Paste(Canvas canvas, SeededRandom r)
    {
        Color[] before = [.. canvas.Pixels];
        int size = canvas.Size,
            dx = r.Below(size),
            dy = r.Below(size),
            turn = r.Below(4);
        (float x, float y) = Place(canvas, r);
        float radius = F(r, 0.05, 0.3);
        for (int pieces = 1 + r.Below(3); pieces > 0; pieces--)
        {
            Spot(
                canvas,
                r,
                x,
                y,
                radius,
                14,
                (i, share) =>
                {
                    (int px, int py) = (i % size, i / size);
                    (int qx, int qy) = turn switch
                    {
                        0 => (px, py),
                        1 => (size - 1 - py, px),
                        2 => (size - 1 - px, size - 1 - py),
                        _ => (py, size - 1 - px),
                    };
                    canvas.Blend(i, before[(qy + dy) % size * size + (qx + dx) % size], share);
                }
            );
            (x, y) = (x + F(r, -1, 1) * radius, y + F(r, -1, 1) * radius); // adjacent pieces can form long gaps
        }
    }

    private static void Stroke(
        Canvas canvas,
        SeededRandom r,
        float x,
        float y,
        double angle,
        float length,
        float width,
        double bend,
        Color color,
        float strength
    )
    {
        const float Step = 0.02f;
        width = Math.Max(width, 1.1f / canvas.Size);
        float[] cover = new float[canvas.Pixels.Length];
        for (float at = 0; at < length; at += Step)
        {
            float nx = x + Step * (float)Math.Cos(angle),
                ny = y + Step * (float)Math.Sin(angle),
                w = width * F(r, 0.6, 1.2);
            (float fx, float fy, float tx, float ty) = (x, y, nx, ny);
            Each(
                canvas,
                x,
                y,
                Step + 2 * w,
                (i, dx, dy) =>
                {
                    float d = Objects.Shape.Segment(fx + dx, fy + dy, fx, fy, tx, ty, w);
                    cover[i] = Math.Max(cover[i], Math.Clamp(0.5f - d * canvas.Size / 2, 0, 1));
                }
            );
            (x, y) = (nx, ny);
            angle += bend * r.Between(-1, 1);
        }

        for (int i = 0; i < cover.Length; i++)
            if (cover[i] > 0)
                canvas.Blend(i, color, cover[i] * strength * canvas.Object[i]);
    }

    private static void Blob(Canvas canvas, SeededRandom r, float radius, float hardness, Action<int, float> paint)
    {
        (float x, float y) = Place(canvas, r);
        Spot(canvas, r, x, y, radius, hardness, paint);
    }

    // An irregular disc, only on the object.
    private static void Spot(Canvas canvas, SeededRandom r, float x, float y, float radius, float hardness, Action<int, float> paint)
    {
        Noise noise = new(r.Next());
        float uneven = F(r, 0.3, 0.9),
            stretch = F(r, 0.6, 1.6);
        Each(
            canvas,
            x,
            y,
            radius * 1.8f,
            (i, dx, dy) =>
            {
                float d =
                    MathF.Sqrt(dx * dx * stretch + dy * dy / stretch) / radius + uneven * noise.Sum(dx / radius * 2, dy / radius * 2, 3);
                float share = Math.Clamp((1 - d) * hardness, 0, 1) * canvas.Object[i];
                if (share > 0)
                    paint(i, share);
            }
        );
    }

    private static void Each(Canvas canvas, float x, float y, float radius, Action<int, float, float> visit)
    {
        int size = canvas.Size;
        int x0 = Pixel(x - radius, size),
            x1 = Pixel(x + radius, size),
            y0 = Pixel(y - radius, size),
            y1 = Pixel(y + radius, size);
        float step = 2f / size;
        for (int py = y0; py <= y1; py++)
        for (int px = x0; px <= x1; px++)
            visit(py * size + px, (px + 0.5f) * step - 1 - x, (py + 0.5f) * step - 1 - y);
    }

    private static (float X, float Y) Place(Canvas canvas, SeededRandom r)
    {
        for (int attempt = 0; ; attempt++)
        {
            float x = F(r, -0.85, 0.85),
                y = F(r, -0.85, 0.85);
            if (attempt > 200 || canvas.Object[Pixel(y, canvas.Size) * canvas.Size + Pixel(x, canvas.Size)] > 0.9f)
                return (x, y);
        }
    }

    private static (float X, float Y) Edge(Canvas canvas, SeededRandom r)
    {
        for (int attempt = 0; attempt < 4000; attempt++)
        {
            float x = F(r, -0.9, 0.9),
                y = F(r, -0.9, 0.9);
            if (canvas.Object[Pixel(y, canvas.Size) * canvas.Size + Pixel(x, canvas.Size)] is > 0.1f and < 0.9f)
                return (x, y);
        }

        return Place(canvas, r);
    }

    // A colour that differs in brightness from the material below it.
    private static Color Contrast(Canvas canvas, SeededRandom r)
    {
        (float x, float y) = Place(canvas, r);
        Color under = Under(canvas, x, y);
        return Color.Hsv(F(r, 0, 1), F(r, 0, 0.6), Value(under) > 0.5f ? F(r, 0.02, 0.3) : F(r, 0.7, 1));
    }

    private static float Value(Color color) => (color.R + color.G + color.B) / 3;

    private static Color Under(Canvas canvas, float x, float y) =>
        canvas.Pixels[Pixel(y, canvas.Size) * canvas.Size + Pixel(x, canvas.Size)];

    private static int Pixel(float at, int size) => Math.Clamp((int)((at + 1) * size / 2), 0, size - 1);
}
