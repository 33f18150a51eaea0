using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;

namespace AaClip.Training.Towers;

/// <summary>The image tower with gradients (specification 1.4 and 2.2).</summary>
internal static class ImageTower
{
    /// <summary>Lower bound of the norm in PyTorch's normalize (specification 2.2).</summary>
    public const float NormBound = 1e-12f;

    /// <summary>Adds the tower.</summary>
    /// <param name="image">[B, 3, S, S], normalised.</param>
    /// <param name="adapters">Number of blocks with an adapter, from the first, and the weight of the adapters.</param>
    /// <param name="surgeryFrom">First block (zero-based) with the replaced attention.</param>
    /// <returns>The output of every block, after mixing: [B, 1 + patches, width]; token 0 is the class token.</returns>
    public static Tensor[] Write(
        TransformerTape tower,
        Tensor image,
        ModelArchitecture shape,
        (int Blocks, double Share) adapters = default,
        Surgery surgery = Surgery.None,
        int surgeryFrom = int.MaxValue
    )
    {
        int width = shape.Vision.Width;
        Tensor x = tower.LayerNorm(Embed(tower, image, shape), "visual.ln_pre", width);
        Tensor[] outputs = new Tensor[shape.Vision.Layers];
        for (int block = 0; block < outputs.Length; block++)
        {
            x = tower.Block(
                x,
                shape.Vision,
                $"visual.transformer.resblocks.{block}.",
                surgery: block >= surgeryFrom ? surgery : Surgery.None
            );
            if (block < adapters.Blocks)
                x = tower.Adapter(x, $"image_adapter.layer_adapters.{block}.fc.0.weight", width, adapters.Share);
            outputs[block] = x;
        }

        return outputs;
    }

    /// <summary>Patch tokens of a block's output after ln_post: [B, patches, width].</summary>
    public static Tensor Patches(TransformerTape tower, Tensor x, int width) =>
        tower.LayerNorm(tower.Tape.Slice(x, 1, 1, x.Shape[1] - 1), "visual.ln_post", width);

    /// <summary>The class token after ln_post, through CLIP's projection: [B, 1, E].</summary>
    public static Tensor ClassFeature(TransformerTape tower, Tensor x, ModelArchitecture shape) =>
        Project(tower, tower.LayerNorm(tower.Tape.Slice(x, 1, 0, 1), "visual.ln_post", shape.Vision.Width), shape);

    /// <summary>Unit vectors of a level in the joint space, through an adapter's projection: [B, patches, E].</summary>
    /// <param name="patches">See <see cref="Patches"/>.</param>
    /// <param name="name">"det_proj", or "seg_proj." with the level.</param>
    /// <param name="relu">Whether the projections carry a LeakyReLU.</param>
    public static Tensor Adapted(TransformerTape tower, Tensor patches, ModelArchitecture shape, string name, bool relu)
    {
        Tensor projected = tower.Linear(patches, $"image_adapter.{name}.fc.weight", null, shape.Vision.Width, shape.Embed);
        return tower.Tape.Normalise(relu ? tower.LeakyRelu(projected) : projected, NormBound);
    }

    /// <summary>Product with visual.proj.</summary>
    public static Tensor Project(TransformerTape tower, Tensor x, ModelArchitecture shape) =>
        tower.Tape.Product(x, tower.Weights["visual.proj", shape.Vision.Width, shape.Embed]);

    // Patch embedding: a convolution whose stride equals its size, as a product: [B, 3, g, p, g, p] → [B, g·g, 3·p·p] · Wᵀ.
    private static Tensor Embed(TransformerTape tower, Tensor image, ModelArchitecture shape)
    {
        Tape tape = tower.Tape;
        int batch = image.Shape[0],
            g = shape.Grid,
            p = shape.Patch,
            width = shape.Vision.Width;
        using IDisposable scope = tape.Scope("/visual/embed");
        Tensor cut = tape.Transpose(tape.Reshape(image, batch, 3, g, p, g, p), 0, 2, 4, 1, 3, 5); // [B, g, g, 3, p, p]
        Tensor kernel = tape.Reshape(tower.Weights["visual.conv1.weight", width, 3, p, p], width, 3 * p * p);
        Tensor patches = tape.Product(tape.Reshape(cut, batch, g * g, 3 * p * p), kernel, transposeB: true); // [B, g·g, width]
        Tensor token = tape.Expand(tower.Weights["visual.class_embedding", width], batch, 1, width);
        return tape.Add(tape.Concat(1, token, patches), tower.Weights["visual.positional_embedding", 1 + g * g, width]);
    }
}
