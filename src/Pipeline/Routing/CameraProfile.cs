using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Tiles;

namespace AaClip.Pipeline.Routing;

/// <summary>Settings of a camera: an entry of config/cameras.json (docs/schemas/cameras.schema.json).</summary>
/// <param name="Class">The object's class: any words, or a published class such as "MVTec/bottle". Default "object".</param>
/// <param name="Domain">Selects the smoothing of the map. Default industrial.</param>
/// <param name="Threshold">
/// Raw scores at or above this are anomalous; above 0 and below 1. Null takes the package's calibration for the class.
/// </param>
/// <param name="MapThreshold">Map values at or above this belong to a region; null takes the package's calibration.</param>
/// <param name="Ignore">
/// Polygons of [x, y] corners, 0 to 1 from the top left corner of the image, after its orientation tag is applied. The area inside does not
/// count for map, map maximum and regions (<see cref="IgnoreMask"/>). It still counts for the detection score, and therefore for the raw
/// score: the model gives the detection score as one number, a mean over all patches.
/// </param>
/// <param name="MinRegion">Regions below this area are left out; a share of the image, 0 to 1. Default 0.</param>
/// <param name="Heatmaps">Whether a heatmap is stored for each image. Default true.</param>
/// <param name="Skip">
/// Patterns of blob names, without the camera, that are not images. "*" matches any characters; case is ignored. Null for
/// <see cref="DefaultSkip"/>.
/// </param>
/// <param name="Alert">When an alert is raised.</param>
/// <param name="Part">
/// Regular expression on the blob name without the camera, whose group "part" is the part that the image shows: "^(?&lt;part&gt;[^_/]+)_".
/// The image's metadata "part" is used before it. Null for none.
/// </param>
/// <param name="Tiles">
/// Images are cut into tiles, which the model scores one by one: "3x2" (columns and rows) or "1024" (longest side of a tile in pixels), see
/// <see cref="Tiling"/>. Null scores images whole.
/// </param>
/// <param name="TileOverlap">Share of a tile's side that it has in common with the next one, 0 to 0.5. Default 0.25.</param>
/// <param name="First">A cheap model that settles what is clearly normal; null for none.</param>
/// <param name="Generated">A check for pictures that a generator made; null for none.</param>
/// <param name="Events">The images are frames of a sequence in which events are looked for; null for none.</param>
public sealed record CameraProfile(
    string Class = "object",
    Domain Domain = Domain.Industrial,
    double? Threshold = null,
    float? MapThreshold = null,
    IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>>? Ignore = null,
    double MinRegion = 0,
    bool Heatmaps = true,
    IReadOnlyList<string>? Skip = null,
    AlertRule? Alert = null,
    string? Part = null,
    string? Tiles = null,
    double TileOverlap = Tiling.DefaultOverlap,
    FirstModel? First = null,
    GeneratedRule? Generated = null,
    CameraEvents? Events = null
)
{
    /// <summary>Name of the group of <see cref="Part"/>.</summary>
    public const string PartGroup = "part";

    // A name has at most 1,024 characters. An expression that needs longer backtracks without end.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromMilliseconds(100);

    /// <summary>Names that upload programs give to incomplete files.</summary>
    public static IReadOnlyList<string> DefaultSkip { get; } = ["*.tmp", "*.part", "*.filepart"];

    /// <summary>The profile of every camera if there is no cameras.json.</summary>
    public static CameraProfile Default { get; } = new();

    /// <summary>Patterns of blob names, without the camera, that are not images.</summary>
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

    /// <summary>The ignored area; null if there is none.</summary>
    [JsonIgnore]
    // Built on first use, after the checks of the file: their error messages are more precise.
    public IgnoreMask? Mask => field ??= Ignore is { Count: > 0 } ? new IgnoreMask(Ignore) : null;

    /// <summary><see cref="Tiles"/> and <see cref="TileOverlap"/>; null if images are scored whole, or the text is not valid.</summary>
    [JsonIgnore]
    public Tiling? TilePlan => Tiles is not null && Tiling.Parse(Tiles) is { } tiling ? tiling with { Overlap = TileOverlap } : null;

    /// <summary><see cref="Part"/>, which is given up on after 100 ms; null if there is none.</summary>
    /// <exception cref="ArgumentException">It is not a regular expression.</exception>
    [JsonIgnore]
    public Regex? PartPattern => field ??= Part is null ? null : new Regex(Part, RegexOptions.CultureInvariant, LongestMatch);

    /// <summary>The part that a name tells, not checked; null if it tells none.</summary>
    /// <param name="path">Blob name without the camera.</param>
    /// <exception cref="RegexMatchTimeoutException"><see cref="PartPattern"/> takes too long for this name.</exception>
    public string? PartOf(string path) =>
        PartPattern?.Match(path) is { Success: true } match && match.Groups[PartGroup] is { Length: > 0 } part ? part.Value : null;

    /// <summary>The first skip pattern that a name matches; null if none does.</summary>
    /// <param name="path">Blob name without the camera.</param>
    public string? SkippedBy(string path) => Skip.FirstOrDefault(p => Wildcard.Matches(p, path, ignoreCase: true));
}
