using System.Text.Json.Serialization;

namespace AaClip.Scoring.Packages;

/// <summary>
/// The sizes of CLIP's image tower with its projection. ViT-L/14: input 224, patch 14, 1024 × 24 blocks × 16 heads, embed 768.
/// </summary>
/// <param name="ImageSize">Width and height of the input in pixels; a multiple of <paramref name="Patch"/>.</param>
/// <param name="Patch">Width and height of a patch in pixels.</param>
/// <param name="Vision">The image transformer.</param>
/// <param name="Embed">Width E of the space that features are projected to.</param>
public sealed record VisionArchitecture(int ImageSize, int Patch, TowerShape Vision, int Embed)
{
    /// <summary>Patches along one side of the input: 16 for ViT-L/14 at 224 px.</summary>
    [JsonIgnore]
    public int Grid => ImageSize / Patch;
}
