namespace AaClip.Scoring.Images;

/// <summary>Smooths an image over 3 x 3 pixels, in each channel. Pixels at the border are repeated beyond it.</summary>
public static class Smoothing
{
    private const int Window = 9;

    /// <summary>The mean of each pixel and its neighbours, rounded.</summary>
    public static RgbImage Mean(RgbImage image) =>
        Each(
            image,
            values =>
            {
                int sum = 0;
                foreach (byte value in values)
                    sum += value;
                return (byte)((sum + Window / 2) / Window);
            }
        );

    /// <summary>The median of each pixel and its neighbours, which removes single pixels.</summary>
    public static RgbImage Median(RgbImage image) =>
        Each(
            image,
            values =>
            {
                values.Sort();
                return values[Window / 2];
            }
        );

    private static RgbImage Each(RgbImage image, Middle middle)
    {
        (int width, int height) = (image.Width, image.Height);
        byte[] source = image.Pixels,
            pixels = GC.AllocateUninitializedArray<byte>(source.Length);
        RowBands.Run(
            height,
            (long)Window * source.Length,
            (begin, end) =>
            {
                Span<byte> values = stackalloc byte[Window];
                for (int y = begin; y < end; y++)
                for (int x = 0; x < width; x++)
                for (int channel = 0; channel < 3; channel++)
                {
                    for (int i = 0; i < Window; i++)
                    {
                        int row = Math.Clamp(y + i / 3 - 1, 0, height - 1),
                            column = Math.Clamp(x + i % 3 - 1, 0, width - 1);
                        values[i] = source[3 * (row * width + column) + channel];
                    }

                    pixels[3 * (y * width + x) + channel] = middle(values);
                }
            }
        );
        return new RgbImage(width, height, pixels);
    }

    private delegate byte Middle(Span<byte> values);
}
