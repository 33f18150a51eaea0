using AaClip.Scoring.Images;

namespace AaClip.Scoring.Events;

/// <summary>
/// How a frame is prepared (VadCLIP's demo, crop.py): resized to a fixed width and height, bilinear as OpenCV does it (no antialiasing; the
/// aspect ratio is lost), cut from the middle, perhaps mirrored, then (byte / 255 − mean) / std.
/// </summary>
public sealed record FramePreprocessing
{
    /// <summary>Width after resizing, in pixels; 340 as published.</summary>
    public required int Width { get; init; }

    /// <summary>Height after resizing, in pixels; 256 as published.</summary>
    public required int Height { get; init; }

    /// <summary>Side of the square that is cut from the middle: the model's input, 224 for ViT-B/16.</summary>
    public required int Size { get; init; }

    /// <summary>
    /// Whether the square is mirrored: crop 5 of the published ten, which UCF-Crime is tested with; crop 0 (XD-Violence) is not.
    /// </summary>
    public required bool Mirrored { get; init; }

    /// <summary>Red, green, blue; CLIP's mean.</summary>
    public IReadOnlyList<float> Mean { get; init; } = new Preprocessing().Mean;

    /// <summary>Red, green, blue; CLIP's standard deviation.</summary>
    public IReadOnlyList<float> Std { get; init; } = new Preprocessing().Std;

    /// <summary>The published sizes, in proportion for a model with another input than 224.</summary>
    public static FramePreprocessing For(int size, bool mirrored) =>
        new()
        {
            Width = (int)Math.Round(size * 340 / 224.0),
            Height = (int)Math.Round(size * 256 / 224.0),
            Size = size,
            Mirrored = mirrored,
        };

    /// <summary>What is wrong with the values; null if nothing is.</summary>
    internal string? Fault() =>
        Size is < 1 or > 4096 || Width < Size || Height < Size || Width > 8192 || Height > 8192
            ? $"frames of {Width} x {Height} with a square of {Size}, expected a square that fits"
        : Mean is not { Count: 3 } || Std is not { Count: 3 } || !Mean.All(float.IsFinite) || !Std.All(s => float.IsFinite(s) && s > 0)
            ? "a mean or a standard deviation that is not three numbers"
        : null;

    /// <summary>Prepares a frame.</summary>
    /// <param name="image">Any size.</param>
    /// <param name="destination">[3, Size, Size]: red, green, blue.</param>
    public void Write(RgbImage image, Span<float> destination)
    {
        int top = (Height - Size) / 2,
            left = (Width - Size) / 2;
        (int Low, int High, float Part)[] columns = Samples(image.Width, Width),
            rows = Samples(image.Height, Height);
        ReadOnlySpan<byte> pixels = image.Pixels;
        int plane = Size * Size,
            stride = 3 * image.Width;
        for (int y = 0; y < Size; y++)
        {
            (int low, int high, float down) = rows[top + y];
            ReadOnlySpan<byte> above = pixels.Slice(low * stride, stride),
                below = pixels.Slice(high * stride, stride);
            for (int x = 0; x < Size; x++)
            {
                (int first, int second, float right) = columns[left + x];
                int at = y * Size + (Mirrored ? Size - 1 - x : x);
                for (int channel = 0; channel < 3; channel++)
                {
                    float a = above[3 * first + channel],
                        b = above[3 * second + channel],
                        c = below[3 * first + channel],
                        d = below[3 * second + channel];
                    float value = (a + (b - a) * right) * (1 - down) + (c + (d - c) * right) * down;
                    destination[channel * plane + at] = (MathF.Round(value) / 255 - Mean[channel]) / Std[channel];
                }
            }
        }
    }

    // For each output, its two neighbours and the share of the second: (i + ½)·from/to − ½, the border repeated.
    private static (int Low, int High, float Part)[] Samples(int from, int to)
    {
        (int, int, float)[] samples = new (int, int, float)[to];
        for (int i = 0; i < to; i++)
        {
            double at = Math.Clamp((i + 0.5) * from / to - 0.5, 0, from - 1);
            int low = (int)at;
            samples[i] = (low, Math.Min(low + 1, from - 1), (float)(at - low));
        }

        return samples;
    }
}
