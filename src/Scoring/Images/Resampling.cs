using System.Buffers;

namespace AaClip.Scoring.Images;

/// <summary>
/// Bicubic (a = -0.5) and bilinear interpolation with half-pixel centres. When shrinking, the kernel is stretched to the scale
/// (antialiasing). Pillow resizes images this way, and AA-CLIP resizes positional tables this way (bicubic). At the borders the weights are
/// renormalised; no pixel is repeated.
/// </summary>
public static class Resampling
{
    private const double A = -0.5;

    /// <summary>The weights of the inputs for each output along one axis, in double, as Pillow computes them.</summary>
    /// <param name="inSize">Number of inputs, at least 1.</param>
    /// <param name="outSize">Number of outputs, at least 1.</param>
    /// <param name="filter">The kernel.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1.</exception>
    public static AxisWeights Weights(int inSize, int outSize, ResizeFilter filter = ResizeFilter.Bicubic) =>
        Weights(inSize, outSize, filter, 0, outSize);

    // Those of the outputs from one on, as many as are wanted.
    private static AxisWeights Weights(int inSize, int outSize, ResizeFilter filter, int from, int outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outSize);
        double scale = (double)inSize / outSize;
        double stretch = Math.Max(scale, 1);
        double support = (filter == ResizeFilter.Bicubic ? 2 : 1) * stretch; // the kernel is 0 at this distance and beyond
        int taps = Math.Min((int)Math.Ceiling(support) * 2 + 1, inSize);
        int[] first = new int[outputs];
        int[] count = new int[outputs];
        double[] values = new double[checked(outputs * taps)];

        for (int i = 0; i < outputs; i++)
        {
            double centre = (from + i + 0.5) * scale;
            int low = Math.Max((int)(centre - support + 0.5), 0);
            int high = Math.Min((int)(centre + support + 0.5), inSize);
            Span<double> row = values.AsSpan(i * taps, high - low);
            double sum = 0;
            for (int k = 0; k < row.Length; k++)
                sum += row[k] = Kernel((k + low - centre + 0.5) / stretch, filter);
            foreach (ref double weight in row)
                weight /= sum;
            first[i] = low;
            count[i] = row.Length;
        }

        return new AxisWeights(taps, first, count, values);
    }

    /// <summary>
    /// Resizes an image. Every byte equals Pillow's <c>Image.resize</c> with BICUBIC or BILINEAR: the horizontal pass comes first and is
    /// rounded to bytes, weights have 22 fractional bits, and a side that already has the wanted size is not resampled. The aspect ratio is
    /// not kept.
    /// </summary>
    /// <param name="image">Any size.</param>
    /// <param name="width">Width of the result in pixels, at least 1.</param>
    /// <param name="height">Height of the result in pixels, at least 1.</param>
    /// <param name="filter">The kernel.</param>
    /// <returns>A new image, or the given one when it already has the wanted size.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The width or the height is below 1.</exception>
    public static RgbImage Resize(RgbImage image, int width, int height, ResizeFilter filter = ResizeFilter.Bicubic)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (width == image.Width && height == image.Height)
            return image;

        if (width == image.Width)
        {
            byte[] result = GC.AllocateUninitializedArray<byte>(checked(3 * width * height));
            ResamplingPasses.Vertical(image.Pixels, 3 * width, Weights(image.Height, height, filter), result);
            return new RgbImage(width, height, result);
        }

        return Resize(ImageWindow.Of(image), width, height, filter);
    }

    /// <summary>Resizes a part of an image to what <see cref="Resize(RgbImage, int, int, ResizeFilter)"/> gives for a copy.</summary>
    internal static RgbImage Resize(ImageWindow part, int width, int height, ResizeFilter filter)
    {
        if (width == part.Width) // columns alone are resampled, if any: this takes a copy
            return Resize(part.Image.Cut(part.X, part.Y, part.Width, part.Height), width, height, filter);
        byte[] result = GC.AllocateUninitializedArray<byte>(checked(3 * width * height));
        AxisWeights across = Weights(part.Width, width, filter);
        if (height == part.Height)
        {
            ResamplingPasses.Horizontal(part, across, result);
            return new RgbImage(width, height, result);
        }

        // Every source row is needed: at any scale, the first and the last output rows use the first and the last source rows.
        byte[] between = ArrayPool<byte>.Shared.Rent(checked(3 * width * part.Height));
        try
        {
            ResamplingPasses.Horizontal(part, across, between);
            ResamplingPasses.Vertical(between, 3 * width, Weights(part.Height, height, filter), result);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(between);
        }

        return new RgbImage(width, height, result);
    }

    /// <summary>
    /// Resizes an image so that its shorter side has the wanted length, and keeps the square in the middle: every byte equals torchvision's
    /// Resize(side) and CenterCrop(side) of a Pillow image. The longer side becomes ⌊side · longer / shorter⌋, and what is cut off before
    /// the square is half of the rest, rounded half to even. Only what the square needs is computed, however long the image is.
    /// </summary>
    /// <param name="image">Any size.</param>
    /// <param name="side">Length of a side of the square in pixels, at least 1.</param>
    /// <param name="filter">The kernel.</param>
    /// <exception cref="ArgumentOutOfRangeException">The side is below 1.</exception>
    public static RgbImage CentreSquare(RgbImage image, int side, ResizeFilter filter)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(side);
        AxisWeights across = Middle(image.Width),
            down = Middle(image.Height);
        int top = down.First[0],
            rows = down.First[^1] + down.Count[^1] - top; // the first inputs and the last ones rise with the outputs
        AxisWeights below = new(down.Taps, [.. down.First.Select(f => f - top)], down.Count, down.Values);
        byte[] result = GC.AllocateUninitializedArray<byte>(checked(3 * side * side));
        byte[] between = ArrayPool<byte>.Shared.Rent(checked(3 * side * rows));
        try
        {
            // A side that has its length already gets weights of 1, and keeps its bytes
            ResamplingPasses.Horizontal(new ImageWindow(image, 0, top, image.Width, rows), across, between);
            ResamplingPasses.Vertical(between, 3 * side, below, result);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(between);
        }

        return new RgbImage(side, side, result);

        AxisWeights Middle(int length)
        {
            int whole = checked((int)((long)side * length / Math.Min(image.Width, image.Height)));
            return Weights(length, whole, filter, (int)Math.Round((whole - side) / 2.0, MidpointRounding.ToEven), side);
        }
    }

    /// <summary>
    /// Resizes a table of positional embeddings to another grid of patches (AA-CLIP, model/clip.py, resize_pos_embed). The row of the class
    /// token is kept. The reference rounds its weights to float32, so results agree to about 1.3e-5 on unit-variance data.
    /// The other kinds are those of torch's interpolate, as the further methods use them.
    /// </summary>
    /// <param name="table">[1 + inGrid * inGrid, width], row-major; row 0 belongs to the class token.</param>
    /// <param name="inGrid">Patches along a side of the given table, at least 1.</param>
    /// <param name="outGrid">Patches along a side of the wanted table, at least 1.</param>
    /// <param name="width">Length of a row.</param>
    /// <param name="kind">The interpolation.</param>
    /// <returns>[1 + outGrid * outGrid, width]; a plain copy when the grids are equal.</returns>
    /// <exception cref="ArgumentException">The table's length does not fit the grid and the width.</exception>
    public static float[] ResizeTable(
        ReadOnlySpan<float> table,
        int inGrid,
        int outGrid,
        int width,
        TableResize kind = TableResize.Antialiased
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inGrid);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outGrid);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        long expected = (1 + (long)inGrid * inGrid) * width;
        if (table.Length != expected)
            throw new ArgumentException(
                $"The positional table has {table.Length} values, expected {expected} = (1 + {inGrid} * {inGrid}) * {width}: the "
                    + $"grid or the width belongs to another model.",
                nameof(table)
            );
        if (inGrid == outGrid)
            return table.ToArray();

        AxisWeights axis = kind switch
        {
            TableResize.Bilinear => Interpolation.Bilinear(inGrid, outGrid),
            TableResize.Cubic => Interpolation.Cubic(inGrid, outGrid, (double)inGrid / outGrid),
            TableResize.CubicOffset => Interpolation.Cubic(inGrid, outGrid, inGrid / (outGrid + 0.1)),
            _ => Weights(inGrid, outGrid),
        };
        ReadOnlySpan<float> grid = table[width..];
        double[] rows = new double[inGrid * outGrid * width]; // [inGrid, outGrid, width]
        for (int y = 0; y < inGrid; y++)
        for (int x = 0; x < outGrid; x++)
        for (int k = 0; k < axis.Count[x]; k++)
        {
            double weight = axis.Values[x * axis.Taps + k];
            ReadOnlySpan<float> from = grid.Slice((y * inGrid + axis.First[x] + k) * width, width);
            Span<double> to = rows.AsSpan((y * outGrid + x) * width, width);
            for (int d = 0; d < width; d++)
                to[d] += weight * from[d];
        }

        float[] result = new float[checked((1 + outGrid * outGrid) * width)];
        table[..width].CopyTo(result);
        double[] sum = new double[outGrid * width];
        for (int y = 0; y < outGrid; y++)
        {
            Array.Clear(sum);
            for (int k = 0; k < axis.Count[y]; k++)
            {
                double weight = axis.Values[y * axis.Taps + k];
                ReadOnlySpan<double> from = rows.AsSpan((axis.First[y] + k) * sum.Length, sum.Length);
                for (int i = 0; i < sum.Length; i++)
                    sum[i] += weight * from[i];
            }

            Span<float> to = result.AsSpan(width + y * sum.Length, sum.Length);
            for (int i = 0; i < sum.Length; i++)
                to[i] = (float)sum[i];
        }

        return result;
    }

    private static double Kernel(double x, ResizeFilter filter)
    {
        x = Math.Abs(x);
        if (filter == ResizeFilter.Bilinear)
            return Math.Max(0, 1 - x);
        return x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1
            : x < 2 ? (((x - 5) * x + 8) * x - 4) * A
            : 0;
    }
}
