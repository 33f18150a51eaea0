using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Routing;

/// <summary>What is known of a camera: an entry of config/cameras.json (docs/schemas/cameras.schema.json).</summary>
/// <param name="Class">What the object is called, any words or a published class such as "MVTec/bottle". Default "object".</param>
/// <param name="Domain">Which smoothing the map gets. Default industrial.</param>
/// <param name="Threshold">Raw scores from here on are anomalous, above 0 and below 1; null takes the package's calibration for the
/// class.</param>
/// <param name="MapThreshold">Map values from here on belong to a region; null takes the package's calibration.</param>
/// <param name="Ignore">
/// Polygons of [x, y] corners, 0 to 1 from the left top corner of the image as it is seen: what lies inside is no part of map, map maximum
/// and regions (<see cref="IgnoreMask"/>). The detection score is a mean over all patches that the model gives as one number, so the
/// ignored area keeps its share in it, and through it in the raw score.
/// </param>
/// <param name="MinRegion">Smaller regions are left out; a share of the image, 0 to 1. Default 0.</param>
/// <param name="Heatmaps">Whether an overlay is stored for each image. Default true.</param>
/// <param name="Skip">Names, without the camera, that are no images: "*" stands for anything, case does not count. Null:
/// <see cref="DefaultSkip"/>.</param>
/// <param name="Alert">When an alert is raised.</param>
public sealed record CameraProfile(
    string Class = "object",
    Domain Domain = Domain.Industrial,
    double? Threshold = null,
    float? MapThreshold = null,
    IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>>? Ignore = null,
    double MinRegion = 0,
    bool Heatmaps = true,
    IReadOnlyList<string>? Skip = null,
    AlertRule? Alert = null
)
{
    /// <summary>Names that uploading programs give to what is not yet whole.</summary>
    public static IReadOnlyList<string> DefaultSkip { get; } = ["*.tmp", "*.part", "*.filepart"];

    /// <summary>The profile of every camera where there is no cameras.json.</summary>
    public static CameraProfile Default { get; } = new();

    /// <summary>Names, without the camera, that are no images.</summary>
    public IReadOnlyList<string> Skip
    {
        get;
        init => field = value ?? DefaultSkip;
    } = Skip ?? DefaultSkip;

    /// <summary>When an alert is raised.</summary>
    public AlertRule Alert
    {
        get;
        init => field = value ?? new();
    } = Alert ?? new();

    /// <summary>The ignored area; null when there is none.</summary>
    [JsonIgnore]
    // Made after the checks of the file, which say more
    public IgnoreMask? Mask => field ??= Ignore is { Count: > 0 } ? new IgnoreMask(Ignore) : null;

    /// <summary>The skip pattern that a name matches; null when the image is to be scored.</summary>
    /// <param name="path">Name without the camera.</param>
    public string? SkippedBy(string path) => Skip.FirstOrDefault(p => Wildcard.Matches(p, path, ignoreCase: true));
}
