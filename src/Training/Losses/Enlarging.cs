using AaClip.Training.Autodiff;

namespace AaClip.Training.Losses;

/// <summary>Enlarges patch values to pixels, differentiably: the product U·x·Uᵀ.</summary>
internal static class Enlarging
{
    /// <summary>Adds the enlargement.</summary>
    /// <param name="patches">[B, g·g, 1].</param>
    /// <param name="size">Side of the result in pixels.</param>
    /// <returns>[B, size, size].</returns>
    public static Tensor Write(Tape tape, Tensor patches, int size, Enlargement kind)
    {
        int batch = patches.Shape[0],
            grid = (int)Math.Round(Math.Sqrt(patches.Shape[1]));
        Tensor weights = tape.Constant($"const/{kind}/{grid}/{size}", [size, grid], Weights(grid, size, kind));
        Tensor x = tape.Reshape(patches, batch, grid, grid);
        Tensor columns = tape.Transpose(tape.Product(x, weights, transposeB: true), 0, 2, 1); // [B, S, g]: x, y
        return tape.Transpose(tape.Product(columns, weights, transposeB: true), 0, 2, 1); // [B, S, S]: y, x
    }

    // Row i holds the weights of the inputs for output i.
    private static float[] Weights(int grid, int size, Enlargement kind)
    {
        float[] weights = new float[size * grid];
        for (int i = 0; i < size; i++)
        {
            float at = kind switch
            {
                Enlargement.Nearest => (int)((long)i * grid / size),
                Enlargement.HalfPixel => Math.Max(0, (i + 0.5f) * (grid / (float)size) - 0.5f),
                _ => size > 1 ? i * ((grid - 1) / (float)(size - 1)) : 0,
            };
            int low = Math.Min((int)at, grid - 1),
                high = Math.Min(low + 1, grid - 1);
            weights[i * grid + low] += 1 - (at - low);
            weights[i * grid + high] += at - low;
        }

        return weights;
    }
}

/// <summary>How patch values become pixels.</summary>
internal enum Enlargement
{
    /// <summary>Bilinear; the centres of the corner patches are the corner pixels (torch: align_corners = true).</summary>
    Aligned,

    /// <summary>Bilinear; a patch covers its own pixels (torch: align_corners = false).</summary>
    HalfPixel,

    /// <summary>A pixel takes the value of its patch.</summary>
    Nearest,
}
