namespace AaClip.Scoring.Images;

/// <summary>A rectangle of an image, read without a copy.</summary>
/// <param name="X">First column.</param>
/// <param name="Y">First row.</param>
/// <param name="Width">Columns, at least 1; the rectangle is inside of the image.</param>
/// <param name="Height">Rows, at least 1.</param>
internal readonly record struct ImageWindow(RgbImage Image, int X, int Y, int Width, int Height)
{
    /// <summary>The whole image.</summary>
    public static ImageWindow Of(RgbImage image) => new(image, 0, 0, image.Width, image.Height);

    /// <summary>Red, green and blue of the pixels of a row, [Width, 3].</summary>
    public ReadOnlySpan<byte> Row(int y) => Image.Pixels.AsSpan(3 * ((Y + y) * Image.Width + X), 3 * Width);
}
