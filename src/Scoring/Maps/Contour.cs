namespace AaClip.Scoring.Maps;

/// <summary>
/// Draws the line where the score crosses the threshold: white with a dark border, so that it is visible on any image. A pixel's distance
/// from the line is |value - threshold| / slope. This gives smooth edges without tracing the line.
/// </summary>
internal sealed class Contour(BilinearSampler sampler, int width, int height, float threshold)
{
    // line width relative to the image, so that it stays visible when a large image is scaled down
    private const double WidthsInPicture = 500;
    private const float RimDarkness = 0.55f;

    private readonly float _half = (float)Math.Max(1, Math.Sqrt((double)width * height) / WidthsInPicture) / 2;
    private readonly float _steepest = sampler.MaxSlope();

    /// <summary>Draws the line over one row of the image.</summary>
    /// <param name="above">[width]: values of the row above; at the top edge the row itself.</param>
    /// <param name="here">[width]: values of this row.</param>
    /// <param name="below">[width]: values of the row below; at the bottom edge the row itself.</param>
    /// <param name="row">[width, 3]: pixels to draw on.</param>
    public void Draw(ReadOnlySpan<float> above, ReadOnlySpan<float> here, ReadOnlySpan<float> below, Span<byte> row)
    {
        float rim = 2 * _half;
        float reach = (rim + 1) * _steepest; // a pixel whose difference from the threshold is larger cannot be near the line
        for (int x = 0; x < here.Length; x++)
        {
            float difference = Math.Abs(here[x] - threshold);
            if (difference > reach)
                continue;
            float slope = float.Hypot(here[Math.Min(x + 1, here.Length - 1)] - here[Math.Max(x - 1, 0)], below[x] - above[x]) / 2;
            if (slope < 1e-3f * _steepest || slope == 0)
                continue; // a flat area, not a crossing
            float distance = difference / slope;
            float dark = RimDarkness * Math.Clamp(rim + 0.5f - distance, 0, 1);
            float white = Math.Clamp(_half + 0.5f - distance, 0, 1);
            for (int c = 3 * x; c < 3 * x + 3; c++)
                row[c] = (byte)(row[c] * (1 - dark) * (1 - white) + 255 * white + 0.5f);
        }
    }
}
