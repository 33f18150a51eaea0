namespace AaClip.Scoring.Packages;

/// <summary>The sizes of an AA-CLIP model (specification 1.1 and 2).</summary>
public sealed record ModelArchitecture
{
    /// <summary>Width and height of the input in pixels; a multiple of <see cref="Patch"/>. 518 in the paper.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Image size for which the CLIP weights were trained, in pixels. 336 for ViT-L/14-336.</summary>
    public required int NativeImageSize { get; init; }

    /// <summary>Width and height of a patch in pixels. 14 for ViT-L/14-336.</summary>
    public required int Patch { get; init; }

    /// <summary>The image tower. ViT-L/14-336: width 1024, 24 blocks, 16 heads.</summary>
    public required TowerShape Vision { get; init; }

    /// <summary>The text tower. ViT-L/14-336: width 768, 12 blocks, 12 heads.</summary>
    public required TowerShape Text { get; init; }

    /// <summary>Tokens per sentence. 77 in CLIP.</summary>
    public required int Context { get; init; }

    /// <summary>Number of rows of the token embedding. 49408 in CLIP.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Width E of the joint embedding space of images and sentences. 768 for ViT-L/14-336.</summary>
    public required int Embed { get; init; }

    /// <summary>
    /// Blocks of the image tower, counted from 1, whose patch tokens are compared with the anchors. 6, 12, 18, 24 in the paper.
    /// </summary>
    public required IReadOnlyList<int> Levels { get; init; }

    /// <summary>Patches along one side of the input: 37 = 518 / 14 in the paper.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Grid => ImageSize / Patch;
}

/// <summary>Sizes of one transformer tower.</summary>
/// <param name="Width">Width of a token.</param>
/// <param name="Layers">Number of blocks.</param>
/// <param name="Heads">Attention heads; the width is a multiple of it.</param>
/// <param name="MlpWidth">Hidden width of the blocks' MLPs; 4 times the width in CLIP.</param>
public sealed record TowerShape(int Width, int Layers, int Heads, int MlpWidth);
