namespace AaClip.Scoring.Packages;

/// <summary>The shape of an AA-CLIP model: every size that the code needs, in one place (specification 1.1 and 2).</summary>
public sealed record ModelArchitecture
{
    /// <summary>Side of the square input in pixels; a multiple of <see cref="Patch"/>. 518 in the paper.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Side that the CLIP weights were trained for, in pixels. 336 for ViT-L/14-336.</summary>
    public required int NativeImageSize { get; init; }

    /// <summary>Side of a patch in pixels. 14.</summary>
    public required int Patch { get; init; }

    /// <summary>The image tower. 1024 wide, 24 blocks, 16 heads.</summary>
    public required TowerShape Vision { get; init; }

    /// <summary>The text tower. 768 wide, 12 blocks, 12 heads.</summary>
    public required TowerShape Text { get; init; }

    /// <summary>Tokens of a sentence. 77.</summary>
    public required int Context { get; init; }

    /// <summary>Entries of the token table. 49408.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Width E of the space that images and sentences share. 768.</summary>
    public required int Embed { get; init; }

    /// <summary>Blocks of the image tower, counted from 1, whose patch tokens are compared with the anchors. 6, 12, 18, 24.</summary>
    public required IReadOnlyList<int> Levels { get; init; }

    /// <summary>Patches along one side of the input: 37 = 518 / 14.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Grid => ImageSize / Patch;
}

/// <summary>Sizes of one transformer tower.</summary>
/// <param name="Width">Width of a token.</param>
/// <param name="Layers">Number of blocks.</param>
/// <param name="Heads">Attention heads; the width is a multiple of it.</param>
/// <param name="MlpWidth">Hidden width of the blocks' MLPs; 4 times the width in CLIP.</param>
public sealed record TowerShape(int Width, int Layers, int Heads, int MlpWidth);
