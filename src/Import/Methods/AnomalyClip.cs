using AaClip.Scoring.Packages;

namespace AaClip.Import.Methods;

/// <summary>
/// AnomalyCLIP (ICLR 2024, arXiv 2310.18961): learned prompts, one pair of anchors for all classes; patches of the V-V path; CLIP's class
/// feature without its last norm.
/// </summary>
internal static class AnomalyClip
{
    public static MethodInfo Info { get; } =
        Crane.Info with
        {
            Name = "anomalyclip",
            Title = "AnomalyCLIP (ICLR 2024, arXiv 2310.18961)",
            Needs =
                "OpenAI's ViT-L-14-336px.pt, and checkpoints/9_12_4_multiscale/epoch_15.pth (trained on VisA) or "
                + "checkpoints/9_12_4_multiscale_visa/epoch_15.pth (trained on MVTec; 23 MB)",
            Published = "MVTec image AUROC 91.6, pixel AUROC 91.1, AUPRO 81.4; VisA 82.0, 95.5, 86.7 (logs of its repository)",
            Cost = 1.16,
            Options = blocks =>
            {
                Method crane = Crane.Info.Options(blocks);
                return crane with
                {
                    Name = "anomalyclip",
                    Correlation = crane.Correlation! with { Kinds = ["vv"] }, // Crane has the path
                    LevelMix = LevelMix.Sum,
                    ClassNorm = false,
                    Pooling = false,
                };
            },
        };
}
