using System.Globalization;

namespace AaClip.Scoring.Maps;

/// <summary>
/// How a heatmap is drawn. The scale is absolute: a score has the same colour in every image, and the threshold has the middle colour.
/// </summary>
public sealed record HeatmapOptions
{
    /// <summary>Scores at or below it leave the image unchanged.</summary>
    public required float Low { get; init; }

    /// <summary>Scores at or above it are anomalous; must be above <see cref="Low"/>.</summary>
    public required float Threshold { get; init; }

    /// <summary>Scores at or above it have the strongest colour; must be above <see cref="Threshold"/>.</summary>
    public required float High { get; init; }

    /// <summary>How much the strongest colour covers the image, 0 to 1; default 0.7.</summary>
    public double Opacity { get; init; } = 0.7;

    /// <summary>
    /// Draws a line where the score crosses <see cref="ContourLevel"/>; default true. Omitted on images smaller than 64 pixels.
    /// </summary>
    public bool Contour { get; init; } = true;

    /// <summary>The score at the line; null means the threshold. See <see cref="Regions.Level"/>.</summary>
    public float? ContourLevel { get; init; }

    /// <summary>Draws the scale with its numbers along the right edge; default false. Omitted if it does not fit.</summary>
    public bool Legend { get; init; }

    /// <summary>
    /// Makes a scale from calibrated scores that is valid for any threshold: if the threshold is too close to an end, that end is moved.
    /// </summary>
    /// <param name="min">Lowest calibrated score.</param>
    /// <param name="threshold">Scores at or above it are anomalous.</param>
    /// <param name="max">Highest calibrated score, at least min.</param>
    public static HeatmapOptions Spanning(float min, float threshold, float max)
    {
        float room = Math.Max((max - min) / 4, Math.Max(Math.Abs(threshold) * 1e-3f, 1e-6f));
        return new HeatmapOptions
        {
            Low = Math.Min(min, threshold - room),
            Threshold = threshold,
            High = Math.Max(max, threshold + room),
        };
    }

    internal void Validate()
    {
        if (!(float.IsFinite(Low) && float.IsFinite(High) && Low < Threshold && Threshold < High))
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The heatmap's scale is low {Low}, threshold {Threshold}, high {High}, expected finite numbers in rising "
                        + $"order: use HeatmapOptions.Spanning for any threshold."
                )
            );
        if (Opacity is not (>= 0 and <= 1))
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"The heatmap's opacity is {Opacity}, expected 0 to 1.")
            );
    }
}
