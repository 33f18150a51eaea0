using AaClip.Scoring.Packages;

namespace AaClip.Import.Clip;

/// <summary>
/// The shape of a ViT CLIP model, as the weights themselves have it. ViT-L/14-336: image 336, patch 14, vision 1024 × 24 blocks × 16
/// heads, text 768 × 12 × 12, context 77, vocabulary 49408, embedding 768.
/// </summary>
/// <param name="ImageSize">Pixels along a side of the image that the positional embedding was trained for.</param>
/// <param name="Patch">Pixels along a side of a patch; divides <paramref name="ImageSize"/>.</param>
/// <param name="Vision">The image transformer.</param>
/// <param name="Text">The text transformer.</param>
/// <param name="Context">Tokens of a text, with start, end and padding.</param>
/// <param name="Vocabulary">Number of different tokens.</param>
/// <param name="EmbedDim">Width of the space that image and text share.</param>
public sealed record ClipArchitecture(
    int ImageSize,
    int Patch,
    TowerShape Vision,
    TowerShape Text,
    int Context,
    int Vocabulary,
    int EmbedDim
)
{
    /// <summary>Patches along a side of the image: 24 for ViT-L/14-336.</summary>
    public int Grid => ImageSize / Patch;
}
