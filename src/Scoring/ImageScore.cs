using AaClip.Scoring.Maps;

namespace AaClip.Scoring;

/// <summary>The model's result for one image (specification 4.2), before any threshold or calibration.</summary>
public sealed record ImageScore
{
    /// <summary>s = (d·T_abnormal + 1)/2: the mean patch compared with the abnormal anchor; the theoretical range is 0 to 1.</summary>
    public required float Detection { get; init; }

    /// <summary>The anomaly map on the grid of patches. It gives the smoothed map, the enlarged map and the maximum.</summary>
    public required AnomalyMap Map { get; init; }

    /// <summary>
    /// Maximum of the final map at the model's input size: smoothed, enlarged, levels summed. Each level is in the range −99.5 to 100.5.
    /// </summary>
    public float MapMax => Map.Max;
}
