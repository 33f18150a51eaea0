using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Import.Methods;

/// <summary>
/// Crane (arXiv 2504.11055), the base model: learned prompts, one pair of anchors for all classes; patches of the correlation path; the
/// class feature mixed with score-weighted patches. The prompts are static when testing, and the four published levels are the last one
/// four times, because the published code adds in place.
/// </summary>
internal static class Crane
{
    private const int BlocksWithPath = 19; // the published parameter 20 is a range that ends before it

    public static MethodInfo Info { get; } =
        new()
        {
            Name = "crane",
            Title = "Crane (arXiv 2504.11055)",
            Needs = "OpenAI's ViT-L-14-336px.pt, and trained_on_mvtec_crane/epoch_5.pth or trained_on_visa_crane/epoch_5.pth (0.6 MB)",
            Licence = "MIT, code and checkpoints",
            Published = "MVTec image AUROC 93.8, pixel AUROC 91.3, AUPRO 84.6; VisA 85.3, 95.1, 87.5 (table 1 of its repository)",
            Cost = 1.44,
            Options = Options,
            Activation = Activation.QuickGelu,
            LearnedPrompts = true,
        };

    private static Method Options(int blocks) =>
        new()
        {
            Name = "crane",
            Correlation = new CorrelationPath(["qq", "kk", "vv"], Math.Max(1, blocks - BlocksWithPath + 1)),
            LevelScore = LevelScore.Softmax,
            LevelMix = LevelMix.Mean,
            Temperature = 0.07,
            Detection = DetectionScore.ClassFeature,
            ClassNorm = true,
            Pooling = true,
            Map = new MapSteps(GridFilter.None, Corners.HalfPixel, Sigmoid: false, Sigma: 4),
            DetectionAlone = true,
            FixedAnchors = true,
            Table = TableResize.Bilinear,
        };
}
