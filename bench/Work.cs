using AaClip.Scoring.Packages;

namespace AaClip.Bench;

/// <summary>Number of operations to score one image, computed from the shape of the model.</summary>
internal static class Work
{
    /// <summary>
    /// Floating-point operations of all matrix products; a multiplication with its addition counts as two. 1.04e12 for ViT-L/14 at 518 px.
    /// </summary>
    public static double PerImage(ModelManifest model) => Products(model) + Attentions(model);

    /// <summary>Those of the attentions.</summary>
    public static double Attentions(ModelManifest model)
    {
        ModelArchitecture shape = model.Architecture;
        double tokens = shape.Grid * shape.Grid + 1;
        return shape.Levels.Max() * 2 * 2 * tokens * tokens * shape.Vision.Width;
    }

    /// <summary>Those of all products with weights.</summary>
    public static double Products(ModelManifest model)
    {
        ModelArchitecture shape = model.Architecture;
        double width = shape.Vision.Width,
            patches = shape.Grid * shape.Grid,
            tokens = patches + 1;
        double embed = 2 * patches * 3 * shape.Patch * shape.Patch * width;
        double linear = 2 * tokens * (4 * width * width + 2 * width * shape.Vision.MlpWidth);
        double adapters = (model.Adapters?.ImageBlocks ?? 0) * 2 * tokens * width * width;
        double heads = (shape.Levels.Count + 1) * 2 * patches * width * shape.Embed;
        return embed + shape.Levels.Max() * linear + adapters + heads;
    }
}
