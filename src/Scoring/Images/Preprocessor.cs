namespace AaClip.Scoring.Images;

/// <summary>
/// Converts an image to the model's input (AA-CLIP, dataset: Resize, ToTensor, Normalize): resize to a square (bicubic, for some methods
/// bilinear), ignoring the aspect ratio or cutting the longer side, then (byte / 255 - mean) / std per channel. Thread-safe.
/// </summary>
public sealed class Preprocessor
{
    private readonly float[] _table = new float[3 * 256]; // [3, 256]: the input value for each byte of each channel

    /// <summary>Builds the lookup table for a model's preprocessing.</summary>
    /// <exception cref="InvalidDataException">A value of the preprocessing is out of range.</exception>
    public Preprocessor(Preprocessing preprocessing)
    {
        preprocessing.Validate();
        Size = preprocessing.Size;
        Filter = preprocessing.Filter;
        Fit = preprocessing.Fit;
        for (int channel = 0; channel < 3; channel++)
        for (int value = 0; value < 256; value++)
            _table[channel * 256 + value] = (value / 255f - preprocessing.Mean[channel]) / preprocessing.Std[channel];
    }

    /// <summary>Width and height of the result in pixels.</summary>
    public int Size { get; }

    /// <summary>How images are resized.</summary>
    public ResizeFilter Filter { get; }

    /// <summary>How images become square.</summary>
    public ImageFit Fit { get; }

    /// <summary>Number of values in one result: 3 * Size * Size.</summary>
    public int Length => 3 * Size * Size;

    /// <summary>Resizes an image for a graph that normalises it.</summary>
    /// <param name="image">Any size.</param>
    /// <returns>[Size, Size, 3], row-major; channels red, green, blue.</returns>
    public byte[] Resize(RgbImage image) =>
        (Fit == ImageFit.CentreCrop ? Resampling.CentreSquare(image, Size, Filter) : Resampling.Resize(image, Size, Size, Filter)).Pixels;

    /// <summary>Resizes a part of an image. The result is prepared to the same input as a copy of the part.</summary>
    internal RgbImage ResizePart(ImageWindow part) => Resampling.Resize(part, Size, Size, Filter);

    /// <summary>Writes the model input for one image, for example into its slot in a batch.</summary>
    /// <param name="image">Any size.</param>
    /// <param name="destination">[3, Size, Size], row-major; channels red, green, blue.</param>
    /// <exception cref="ArgumentException">The destination does not have exactly 3 * Size * Size floats.</exception>
    public void Write(RgbImage image, Span<float> destination)
    {
        if (destination.Length != Length)
            throw new ArgumentException(
                $"The destination holds {destination.Length} floats, expected {Length} = 3 * {Size} * {Size}.",
                nameof(destination)
            );

        ReadOnlySpan<byte> pixels = Resize(image);
        Span<float> red = destination[..(Size * Size)];
        Span<float> green = destination.Slice(red.Length, red.Length);
        Span<float> blue = destination.Slice(2 * red.Length, red.Length);
        ReadOnlySpan<float> reds = _table.AsSpan(0, 256);
        ReadOnlySpan<float> greens = _table.AsSpan(256, 256);
        ReadOnlySpan<float> blues = _table.AsSpan(512, 256);
        for (int i = 0; i < red.Length; i++)
        {
            int at = 3 * i;
            blue[i] = blues[pixels[at + 2]];
            green[i] = greens[pixels[at + 1]];
            red[i] = reds[pixels[at]];
        }
    }
}
