using System.Text.Json.Serialization;

namespace AaClip.Scoring.Maps;

/// <summary>
/// From the patch scores to the final map, in this order: filter the grid, enlarge it, apply the sigmoid, smooth the enlarged map. AA-CLIP
/// smooths and then enlarges; Crane, AnomalyCLIP and AdaCLIP do the opposite; AnoVL takes a mean of 3 x 3 patches instead of a Gaussian.
/// </summary>
/// <param name="Grid">Filter of the grid before it is enlarged.</param>
/// <param name="Corners">How the grid is enlarged bilinearly.</param>
/// <param name="Sigmoid">Whether the patch scores are differences of logits, which become probabilities after enlarging.</param>
/// <param name="Sigma">Gaussian of the enlarged map, in pixels of the model's input; 0 for none.</param>
public sealed record MapSteps(GridFilter Grid, Corners Corners, bool Sigmoid, double Sigma)
{
    /// <summary>AA-CLIP's steps, which hold where a package or a result does not say.</summary>
    public static MapSteps AaClip { get; } = new(GridFilter.Gaussian, Corners.Aligned, Sigmoid: false, Sigma: 0);

    /// <summary>Whether the map must be enlarged before the last step.</summary>
    [JsonIgnore]
    public bool Enlarges => Corners == Corners.HalfPixel || Sigmoid || Sigma > 0;
}

/// <summary>What is done to the grid of patch scores before it is enlarged.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GridFilter>))]
public enum GridFilter
{
    /// <summary>Nothing.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>AA-CLIP's Gaussian; its kernel depends on the domain.</summary>
    [JsonStringEnumMemberName("gaussian")]
    Gaussian,

    /// <summary>Mean of 3 x 3 patches; beyond the border the outermost patches are repeated (AnoVL).</summary>
    [JsonStringEnumMemberName("mean3")]
    Mean3,
}

/// <summary>Which points of the grid and of the enlarged map coincide.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Corners>))]
public enum Corners
{
    /// <summary>The centres of the corner patches are the corners of the map (torch: align_corners = true).</summary>
    [JsonStringEnumMemberName("aligned")]
    Aligned,

    /// <summary>A patch covers its own pixels (torch: align_corners = false).</summary>
    [JsonStringEnumMemberName("halfPixel")]
    HalfPixel,
}
