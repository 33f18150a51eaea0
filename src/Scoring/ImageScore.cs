using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Scoring;

/// <summary>An image that waits for its score.</summary>
/// <param name="Image">The decoded image, at its own size.</param>
/// <param name="Anchors">[E, 2] of its class; see <see cref="AnomalyScorer.AnchorsOf"/>.</param>
/// <param name="Domain">Which smoothing applies.</param>
public readonly record struct ImageToScore(RgbImage Image, float[] Anchors, Domain Domain);

/// <summary>What the model says of one image (specification 4.2), untouched by any threshold or calibration.</summary>
public sealed record ImageScore
{
    /// <summary>s = (d·T_abnormal + 1)/2: the mean patch against the abnormal anchor; in theory 0 to 1.</summary>
    public required float Detection { get; init; }

    /// <summary>The map on the grid of patches, with its smoothing, its enlargement and its maximum.</summary>
    public required AnomalyMap Map { get; init; }

    /// <summary>
    /// Largest value of the final map at the model's size: smoothed, enlarged, levels summed. Each level lies in −99.5 to 100.5.
    /// </summary>
    public float MapMax => Map.Max;
}
