using AaClip.Scoring.Maps;

namespace AaClip.Scoring;

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
