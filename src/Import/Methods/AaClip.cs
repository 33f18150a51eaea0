using AaClip.Scoring.Packages;

namespace AaClip.Import.Methods;

/// <summary>AA-CLIP (arXiv 2503.06661), and plain CLIP where no adapters are given.</summary>
internal static class AaClip
{
    public static MethodInfo Info { get; } =
        new()
        {
            Name = Method.AaClip.Name,
            Title = "AA-CLIP (CVPR 2025, arXiv 2503.06661)",
            Needs = "CLIP ViT-L/14-336 and adapters that you train (aaclip train); without adapters it is plain CLIP",
            Licence = "code Apache-2.0; no weights are published",
            Published = "MVTec image AUROC 90.5, pixel AUROC 91.9 (log of the authors, trained on VisA)",
            Cost = 1,
            Options = _ => Method.AaClip,
        };
}
