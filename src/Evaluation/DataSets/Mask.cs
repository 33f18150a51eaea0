namespace AaClip.Evaluation.DataSets;

/// <summary>
/// Ground-truth masks at the model's input size (AA-CLIP, dataset: nearest-neighbour resize, then any non-zero value is anomalous).
/// </summary>
public static class Mask
{
    /// <summary>Resizes an 8-bit grey mask by nearest neighbour, index floor((i + 0.5) * in / out), and converts it to 0 or 1.</summary>
    /// <param name="grey">[height, width]; any non-zero value marks an anomaly.</param>
    /// <param name="width">Width of the given mask in pixels.</param>
    /// <param name="height">Height of the given mask in pixels.</param>
    /// <param name="size">Side of the result in pixels.</param>
    /// <returns>[size, size], 0 or 1.</returns>
    /// <exception cref="ArgumentException">The mask's length is not width * height.</exception>
    public static byte[] Resize(ReadOnlySpan<byte> grey, int width, int height, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        if (grey.Length != (long)width * height)
            throw new ArgumentException(
                $"A grey mask of {width}x{height} needs {(long)width * height} bytes, but {grey.Length} were given.",
                nameof(grey)
            );

        byte[] result = new byte[checked(size * size)];
        int[] columns = new int[size];
        for (int x = 0; x < size; x++)
            columns[x] = Nearest(x, width, size);
        for (int y = 0; y < size; y++)
        {
            ReadOnlySpan<byte> from = grey.Slice(Nearest(y, height, size) * width, width);
            Span<byte> to = result.AsSpan(y * size, size);
            for (int x = 0; x < size; x++)
                to[x] = from[columns[x]] == 0 ? (byte)0 : (byte)1;
        }

        return result;
    }

    private static int Nearest(int i, int inSize, int outSize) => (int)((2L * i + 1) * inSize / (2L * outSize)); // exact in integers
}
