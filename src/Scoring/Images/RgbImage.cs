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

    /// <summary>Copies a part of the image.</summary>
    /// <param name="x">First column of the part.</param>
    /// <param name="y">First row of the part.</param>
    /// <param name="width">Columns of the part, at least 1.</param>
    /// <param name="height">Rows of the part, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the image.</exception>
    public RgbImage Cut(int x, int y, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(x + width, Width, nameof(width));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(y + height, Height, nameof(height));
        byte[] part = GC.AllocateUninitializedArray<byte>(checked(3 * width * height));
        ImageWindow window = new(this, x, y, width, height);
        for (int row = 0; row < height; row++)
            window.Row(row).CopyTo(part.AsSpan(3 * row * width));
        return new RgbImage(width, height, part);
    }
}
