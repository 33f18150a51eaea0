using AaClip.Scoring.Packages;

namespace AaClip.Import.Clip;

/// <summary>
/// The sizes of a ViT CLIP model, derived from its weights. ViT-L/14-336: image 336, patch 14, vision 1024 × 24 blocks × 16 heads, text 768
/// × 12 × 12, context 77, vocabulary 49408, embedding 768.
/// </summary>
/// <param name="ImageSize">Width and height in pixels of the image for which the positional embedding was trained.</param>
/// <param name="Patch">Width and height of a patch in pixels; divides <paramref name="ImageSize"/>.</param>
/// <param name="Vision">The image transformer.</param>
/// <param name="Text">The text transformer.</param>
/// <param name="Context">Tokens per text, including start, end and padding.</param>
/// <param name="Vocabulary">Number of token ids.</param>
/// <param name="EmbedDim">Width of the joint embedding space of image and text.</param>
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

    /// <summary>The image tower alone.</summary>
    public VisionArchitecture ImageTower => new(ImageSize, Patch, Vision, EmbedDim);

    /// <summary>The sizes that the graphs of both towers are written with.</summary>
    /// <param name="size">Width and height of the input in pixels.</param>
    /// <param name="levels">See <see cref="ModelArchitecture.Levels"/>.</param>
    internal ModelArchitecture Sizes(int size, IReadOnlyList<int> levels) =>
        new()
        {
            ImageSize = size,
            NativeImageSize = ImageSize,
            Patch = Patch,
            Vision = Vision,
            Text = Text,
            Context = Context,
            Vocabulary = Vocabulary,
            Embed = EmbedDim,
            Levels = levels,
        };
}
