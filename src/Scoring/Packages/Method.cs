using System.Text.Json.Serialization;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Scoring.Packages;

/// <summary>
/// How a package scores: the options in which the methods differ (docs/methods.md). The graph writer reads them at import, and the scorer
/// at run time. Packages of AA-CLIP do not store it.
/// </summary>
public sealed record Method
{
    /// <summary>AA-CLIP and plain CLIP: differences of cosines over four levels, and the mean patch (specification 2 and 4.2).</summary>
    public static Method AaClip { get; } =
        new()
        {
            Name = "aa-clip",
            LevelScore = LevelScore.Difference,
            LevelMix = LevelMix.Sum,
            Temperature = 0.01,
            Detection = DetectionScore.MeanPatch,
            ClassNorm = true,
            Pooling = false,
            Map = MapSteps.AaClip,
            DetectionAlone = false,
            FixedAnchors = false,
            Table = TableResize.Antialiased,
        };

    /// <summary>Name, such as "crane"; the same as in <c>aaclip import --method</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The second path of the image tower, whose patches are compared; null for the ordinary path.</summary>
    public CorrelationPath? Correlation { get; init; }

    /// <summary>Repair of the patch features (SC-CLIP); null for none.</summary>
    public CleanFeatures? Clean { get; init; }

    /// <summary>Prompts that are made from each image (AdaCLIP); null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HybridPrompts? Hybrid { get; init; }

    /// <summary>How a patch is compared with the anchors.</summary>
    public required LevelScore LevelScore { get; init; }

    /// <summary>How the levels become one map.</summary>
    public required LevelMix LevelMix { get; init; }

    /// <summary>Cosines are divided by it before the softmax.</summary>
    public required double Temperature { get; init; }

    /// <summary>What the score of the whole image is made from.</summary>
    public required DetectionScore Detection { get; init; }

    /// <summary>Whether the class token goes through ln_post before the projection.</summary>
    public required bool ClassNorm { get; init; }

    /// <summary>Whether patches, weighted by their scores, make half of the class feature (Crane).</summary>
    public required bool Pooling { get; init; }

    /// <summary>From the patch scores to the final map.</summary>
    public required MapSteps Map { get; init; }

    /// <summary>
    /// Whether an image's score is its detection score alone; otherwise half of it is the map's maximum, and all of it for medical images.
    /// </summary>
    public required bool DetectionAlone { get; init; }

    /// <summary>Whether one pair of anchors holds for all classes; class names then only select calibrations.</summary>
    public required bool FixedAnchors { get; init; }

    /// <summary>
    /// Views of an image whose detection scores are averaged (AnoVL): 5 or 22, each a run of the model; null or 1 for the image alone.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Views { get; init; }

    /// <summary>How the positional table was resized at import.</summary>
    public required TableResize Table { get; init; }

    /// <summary>Whether the package has a text tower that makes the anchors of a class.</summary>
    [JsonIgnore]
    public bool TextTower => !FixedAnchors && Hybrid is null;

    /// <summary>The scale of a class that is not calibrated.</summary>
    /// <param name="levels">Levels that are summed in the map.</param>
    public Calibration Neutral(int levels) =>
        LevelScore == LevelScore.Difference
            ? Calibration.Neutral(levels)
            : Calibration.NeutralProbability(Temperature < 1 ? 0.5f : Calibration.ColdSpan, LevelMix == LevelMix.Sum ? levels : 1);
}

/// <summary>
/// The correlation path (CLIP Surgery; used by Crane, AnomalyCLIP, AnoVL): from a block on, attention of a projection with itself, without
/// MLP, is added to a second path. It takes from the ordinary path and gives nothing back.
/// </summary>
/// <param name="Kinds">
/// "vv", "qq", "kk": softmax of a projection with itself, applied to v; <see cref="Joint"/>: of all three as one. Of several, the results
/// are summed, not averaged.
/// </param>
/// <param name="FirstBlock">The first block with the path, counted from 1.</param>
public sealed record CorrelationPath(IReadOnlyList<string> Kinds, int FirstBlock)
{
    /// <summary>The kind of q, k and v one behind the other.</summary>
    public const string Joint = "(q+k+v)^2";
}

/// <summary>
/// Patch features without the noise of CLIP's last blocks (SC-CLIP, arXiv 2411.15869): outliers are replaced by their neighbours, patches
/// are averaged with similar ones, and the last block runs without its residual and MLP. Blocks are counted from 1.
/// </summary>
/// <param name="Similar">The block whose patches say which are similar, for the repair and the last block.</param>
/// <param name="Coherent">The block whose patches say which are similar, for the result.</param>
/// <param name="FirstMixed">First block of the second pass, whose input is the sum of several blocks.</param>
/// <param name="LastMixed">Last block of the second pass.</param>
/// <param name="ClassShare">Share of the class token that is added to each patch.</param>
/// <param name="Least">Cosines below it count as 0 when patches are averaged.</param>
public sealed record CleanFeatures(int Similar, int Coherent, int FirstMixed, int LastMixed, double ClassShare, double Least)
{
    /// <summary>The published settings: for 24 blocks those of ViT-L/14 (the author, issue 5 of the repository), else ViT-B/16's.</summary>
    /// <param name="blocks">Blocks of the image tower, at least 12.</param>
    public static CleanFeatures For(int blocks) => blocks >= 24 ? new(17, 7, 9, 19, 0.1, 0.4) : new(9, 4, 4, 10, 0.3, 0.4);
}

/// <summary>
/// Prompts that are partly learned and partly made from the image (AdaCLIP): rows that are added to the image and replace words in the
/// sentences. The anchors depend on the image, so the image graph contains the text tower, and takes the sentences of the class in place
/// of anchors.
/// </summary>
/// <param name="Blocks">Blocks of both towers, from the first, with learned rows of their own: 4 as published.</param>
/// <param name="Rows">Rows in each of these blocks: 5 as published.</param>
/// <param name="Clusters">
/// Clusters of the most anomalous patches, five times as many, in the score of the image: 20 as published.
/// </param>
public sealed record HybridPrompts(int Blocks, int Rows, int Clusters);

/// <summary>How a patch is compared with the anchors.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LevelScore>))]
public enum LevelScore
{
    /// <summary>(100·cos(abnormal) + 1 − 100·cos(normal)) / 2 (AA-CLIP).</summary>
    [JsonStringEnumMemberName("difference")]
    Difference,

    /// <summary>Probability of the abnormal anchor: softmax of both cosines divided by the temperature.</summary>
    [JsonStringEnumMemberName("softmax")]
    Softmax,
}

/// <summary>How the levels become one map.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LevelMix>))]
public enum LevelMix
{
    /// <summary>Sum of the levels' scores.</summary>
    [JsonStringEnumMemberName("sum")]
    Sum,

    /// <summary>Mean of the levels' scores.</summary>
    [JsonStringEnumMemberName("mean")]
    Mean,

    /// <summary>Mean of the differences of the levels' logits; the sigmoid follows after enlarging.</summary>
    [JsonStringEnumMemberName("logits")]
    Logits,
}

/// <summary>What the score of the whole image is made from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DetectionScore>))]
public enum DetectionScore
{
    /// <summary>The mean patch of the last level, against the abnormal anchor (AA-CLIP).</summary>
    [JsonStringEnumMemberName("meanPatch")]
    MeanPatch,

    /// <summary>CLIP's class feature, against both anchors with a softmax.</summary>
    [JsonStringEnumMemberName("classFeature")]
    ClassFeature,
}
