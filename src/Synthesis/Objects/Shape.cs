namespace AaClip.Synthesis.Objects;

/// <summary>Outlines as approximate signed distances, negative inside, in coordinates from −1 to 1.</summary>
internal static class Shape
{
    public static float Disc(float x, float y, float radius) => MathF.Sqrt(x * x + y * y) - radius;

    public static float Box(float x, float y, float halfWidth, float halfHeight, float corner)
    {
        float dx = Math.Abs(x) - halfWidth + corner,
            dy = Math.Abs(y) - halfHeight + corner;
        float ox = Math.Max(dx, 0),
            oy = Math.Max(dy, 0);
        return MathF.Sqrt(ox * ox + oy * oy) + Math.Min(Math.Max(dx, dy), 0) - corner;
    }

    public static float Polygon(float x, float y, int corners, float radius)
    {
        float sector = 2 * MathF.PI / corners,
            angle = MathF.Atan2(y, x);
        float folded = angle - sector * MathF.Round(angle / sector);
        return MathF.Sqrt(x * x + y * y) * MathF.Cos(folded) - radius;
    }

    public static float Segment(float x, float y, float x0, float y0, float x1, float y1, float radius)
    {
        float dx = x1 - x0,
            dy = y1 - y0,
            t = Math.Clamp(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1);
        return Disc(x - x0 - t * dx, y - y0 - t * dy, radius);
    }

    public static float Gear(float x, float y, int teeth, float radius, float depth)
    {
        float wave = Math.Clamp(2.2f * MathF.Cos(teeth * MathF.Atan2(y, x)), -1, 1);
        return MathF.Sqrt(x * x + y * y) - radius - depth * wave;
    }

    /// <summary>Difference of two outlines: a without b.</summary>
    public static float Without(float a, float b) => Math.Max(a, -b);

    /// <summary>Union of two outlines.</summary>
    public static float With(float a, float b) => Math.Min(a, b);
}
