using AaClip.Scoring.Packages;

namespace AaClip.Bench;

/// <summary>Number of operations to score one image, computed from the shape of the model.</summary>
internal static class Work
{
    /// <summary>
    /// Floating-point operations of all matrix products; a multiplication with its addition counts as two. 1.04e12 for ViT-L/14 at 518 px.
    /// </summary>
    public static double PerImage(ModelManifest model)
    {
        ModelArchitecture shape = model.Architecture;
        double width = shape.Vision.Width,
            patches = shape.Grid * shape.Grid,
            tokens = patches + 1;
        double embed = 2 * patches * 3 * shape.Patch * shape.Patch * width;
        double linear = 2 * tokens * (4 * width * width + 2 * width * shape.Vision.MlpWidth);
        double attention = 2 * 2 * tokens * tokens * width;
        double adapters = (model.Adapters?.ImageBlocks ?? 0) * 2 * tokens * width * width;
        double heads = (shape.Levels.Count + 1) * 2 * patches * width * shape.Embed;
        return embed + shape.Levels.Max() * (linear + attention) + adapters + heads;
    }
}
