namespace AaClip.Scoring.Maps;

/// <summary>
/// The line on which the score crosses the threshold: white with a dark rim, so that it shows on any photo. A pixel's distance from the
/// line is |value - threshold| / slope, which gives smooth edges without tracing.
/// </summary>
internal sealed class Contour(BilinearSampler sampler, int width, int height, float threshold)
{
    private const double WidthsInPicture = 500; // the line stays equally visible when a large picture is shown small
    private const float RimDarkness = 0.55f;

    private readonly float _half = (float)Math.Max(1, Math.Sqrt((double)width * height) / WidthsInPicture) / 2;
    private readonly float _steepest = sampler.MaxSlope();

    /// <summary>Draws over one row of the picture.</summary>
    /// <param name="above">[width]: values of the row above; at the edge the same row.</param>
    /// <param name="here">[width]: values of this row.</param>
    /// <param name="below">[width]: values of the row below; at the edge the same row.</param>
    /// <param name="row">[width, 3].</param>
    public void Draw(ReadOnlySpan<float> above, ReadOnlySpan<float> here, ReadOnlySpan<float> below, Span<byte> row)
    {
        float rim = 2 * _half;
        float reach = (rim + 1) * _steepest; // no pixel further from the threshold than this can be near the line
        for (int x = 0; x < here.Length; x++)
        {
            float difference = Math.Abs(here[x] - threshold);
            if (difference > reach)
                continue;
            float slope = float.Hypot(here[Math.Min(x + 1, here.Length - 1)] - here[Math.Max(x - 1, 0)], below[x] - above[x]) / 2;
            if (slope < 1e-3f * _steepest || slope == 0)
                continue; // a plateau, not a crossing
            float distance = difference / slope;
            float dark = RimDarkness * Math.Clamp(rim + 0.5f - distance, 0, 1);
            float white = Math.Clamp(_half + 0.5f - distance, 0, 1);
            for (int c = 3 * x; c < 3 * x + 3; c++)
                row[c] = (byte)(row[c] * (1 - dark) * (1 - white) + 255 * white + 0.5f);
        }
    }
}
