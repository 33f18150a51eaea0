using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;

namespace AaClip.Import.Methods;

/// <summary>
/// AnoVL, later AnoCLIP (arXiv 2308.15939): no trained part; 462 sentences for each side, patches of the V-V path, softmax without
/// temperature. By default one view of the image instead of 22; no adaptation while testing (docs/methods.md says why).
/// </summary>
internal static class AnoVl
{
    private const int BlocksWithPath = 12;

    private static readonly string[] NormalStates =
    [
        .. Before("normal", "flawless", "perfect", "unblemished"),
        .. Behind("without flaw", "without defect", "without damage"),
    ];

    private static readonly string[] AbnormalStates =
    [
        .. Before("damaged", "abnormal", "imperfect", "blemished"),
        .. Behind("with flaw", "with defect", "with damage"),
    ];

    public static MethodInfo Info { get; } =
        new()
        {
            Name = "anovl",
            Title = "AnoVL, also AnoCLIP (arXiv 2308.15939)",
            Needs = "OpenCLIP's ViT-B-16-plus-240 trained on LAION-400M (vit_b_16_plus_240-laion400m_e32-699c4b84.pt), nothing else",
            Licence = "MIT; nothing is trained",
            Published =
                "MVTec image AUROC 92.5, pixel AUROC 90.6, AUPRO 77.8; VisA 79.2, 85.2, 60.5 (table of Crane's repository; the image "
                + "scores are means over 22 views: --views 22)",
            Cost = 0.06,
            Options = Options,
            Size = null,
            Filter = ResizeFilter.Bilinear,
            Prompts = new PromptPack
            {
                Ensemble = Ensemble("industrial photo", "industrial image", "manufacturing image"),
                Classes =
                [
                    new(["carpet", "leather", "grid", "tile", "wood"], Ensemble("industrial photo", "textural photo", "surface picture")),
                    new(["macaroni1", "macaroni2"], Called: "macaroni"),
                ],
                MeanOfRaw = true,
                RawNames = true,
            },
        };

    private static Method Options(int blocks) =>
        new()
        {
            Name = "anovl",
            Correlation = new CorrelationPath(["vv"], Math.Max(1, blocks - BlocksWithPath + 1)),
            LevelScore = LevelScore.Softmax,
            LevelMix = LevelMix.Mean,
            Temperature = 1,
            Detection = DetectionScore.ClassFeature,
            ClassNorm = true,
            Pooling = false,
            Map = new MapSteps(GridFilter.Mean3, Corners.Aligned, Sigmoid: false, Sigma: 0),
            DetectionAlone = true,
            FixedAnchors = false,
            Table = TableResize.Antialiased,
        };

    private static IEnumerable<string> Before(params string[] words) => words.Select(w => $"{w} {{}}");

    private static IEnumerable<string> Behind(params string[] words) => words.Select(w => $"{{}} {w}");

    // 22 templates for each kind of picture
    private static PromptEnsemble Ensemble(params string[] pictures) =>
        new()
        {
            NormalStates = NormalStates,
            AbnormalStates = AbnormalStates,
            Templates = [.. pictures.SelectMany(Templates)],
        };

    private static IEnumerable<string> Templates(string picture)
    {
        foreach (string quality in (string[])["cropped", "close-up", "bright", "dark", "jpeg corrupted", "blurry"])
        foreach (string article in (string[])["a", "the"])
            yield return $"a {quality} {picture} of {article} {{}}";
        string any = picture[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? $"an {picture}" : $"a {picture}";
        foreach (string of in (string[])["a", "the", "a small", "the small", "a large", "the large"])
            yield return $"{any} of {of} {{}}";
        foreach (string purpose in (string[])["visual inspection", "anomaly detection"])
        foreach (string article in (string[])["the", "a"])
            yield return $"{any} of {article} {{}} for {purpose}";
    }
}
