using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;

namespace AaClip.Import.Methods;

/// <summary>
/// AdaCLIP (ECCV 2024, arXiv 2407.15795): prompts that are partly made from the image, in both towers, so that the text tower runs for each
/// image; 48 sentences; the image score contains clusters of the most anomalous patches. Published with OpenAI's weights and, by mistake of
/// its code, with exact GELU.
/// </summary>
internal static class AdaClip
{
    public static MethodInfo Info { get; } =
        new()
        {
            Name = "adaclip",
            Title = "AdaCLIP (ECCV 2024, arXiv 2407.15795)",
            Needs =
                "OpenAI's ViT-L-14-336px.pt with its vocabulary, and pretrained_all.pth, pretrained_mvtec_colondb.pth or "
                + "pretrained_visa_clinicdb.pth (43 MB)",
            Licence = "code MIT; weights released without a separate licence",
            Published =
                "MVTec image AUROC 89.2, pixel AUROC 88.7, AUPRO 37.8; VisA 85.8, 95.5, 72.9 (tables of its repository; AUPRO of Crane's)",
            Cost = 2.07, // two image towers, and the text tower for 48 sentences of 14 tokens; with 77 tokens it is 2.6
            Options = _ => new Method
            {
                Name = "adaclip",
                Hybrid = new HybridPrompts(Blocks: 4, Rows: 5, Clusters: 20),
                LevelScore = LevelScore.Softmax,
                LevelMix = LevelMix.Logits,
                Temperature = 0.01,
                Detection = DetectionScore.ClassFeature,
                ClassNorm = true,
                Pooling = false,
                Map = new MapSteps(GridFilter.None, Corners.Aligned, Sigmoid: true, Sigma: 4),
                DetectionAlone = true,
                FixedAnchors = false,
                Table = TableResize.Cubic,
            },
            Prompts = new PromptPack
            {
                Ensemble = new PromptEnsemble
                {
                    NormalStates =
                    [
                        "{}",
                        "flawless {}",
                        "perfect {}",
                        "unblemished {}",
                        "{} without flaw",
                        "{} without defect",
                        "{} without damage",
                    ],
                    AbnormalStates = ["damaged {}", "broken {}", "{} with flaw", "{} with defect", "{} with damage"],
                    Templates =
                    [
                        "a bad photo of a {}.",
                        "a low resolution photo of the {}.",
                        "a bad photo of the {}.",
                        "a cropped photo of the {}.",
                    ],
                },
                RawNames = true,
            },
        };
}
