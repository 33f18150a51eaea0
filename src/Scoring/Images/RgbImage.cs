namespace AaClip.Scoring.Images;

/// <summary>A decoded image: red, green, blue, one byte each, 0 to 255.</summary>
public sealed class RgbImage
{
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pixels">[height, width, 3], row-major; the array is used directly, not copied.</param>
    /// <exception cref="ArgumentException">The number of bytes is not width * height * 3.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (pixels.Length != (long)width * height * 3)
            throw new ArgumentException(
                $"An image of {width} x {height} has {(long)width * height * 3} bytes, but {pixels.Length} are given.",
                nameof(pixels)
            );

        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>[height, width, 3], row-major.</summary>
    public byte[] Pixels { get; }
}
