using AaClip.Scoring.Images;

namespace AaClip.Scoring.Maps;

/// <summary>Enlarges grids of patch scores to image size (torch: interpolate, bilinear, align_corners = true).</summary>
public static class Upsampling
{
    /// <summary>Resizes a square grid. The corners of the grid map to the corners of the result.</summary>
    /// <param name="grid">[side, side], float32.</param>
    /// <param name="side">Patches along a side, at least 1.</param>
    /// <param name="width">Width of the result in pixels, at least 1; with width 1 the result is the grid's first column.</param>
    /// <param name="height">Height of the result in pixels, at least 1.</param>
    /// <returns>[height, width].</returns>
    /// <exception cref="ArgumentException">The grid's length is not side * side, or a size is below 1.</exception>
    public static float[] Bilinear(float[] grid, int side, int width, int height)
    {
        BilinearSampler sampler = new(grid, side, width, height);
        float[] result = GC.AllocateUninitializedArray<float>(checked(width * height));
        RowBands.Run(
            height,
            result.Length,
            (begin, end) =>
            {
                float[] between = new float[side];
                for (int y = begin; y < end; y++)
                    sampler.Row(y, between, result.AsSpan(y * width, width));
            }
        );
        return result;
    }
}
