namespace AaClip.Scoring.Maps;

/// <summary>The kind of image; it selects how strongly the anomaly map is smoothed (AA-CLIP, forward_utils.py).</summary>
public enum Domain
{
    /// <summary>Parts and surfaces: kernel size 7, sigma 1 (in patches).</summary>
    Industrial,

    /// <summary>Medical scans: kernel size 9, sigma 1.5 (in patches).</summary>
    Medical,
}
