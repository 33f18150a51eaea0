using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Images;

namespace AaClip.Evaluation;

/// <summary>A mask at the model's input size, by nearest neighbour; any value except 0 is anomalous (specification 4.1.4).</summary>
/// <param name="Pixels">[size, size], 0 or 1.</param>
/// <param name="Fault">Why the mask does not show which pixels are anomalous; null if it does.</param>
public sealed record GroundTruth(byte[] Pixels, string? Fault)
{
    /// <summary>Reads the mask of an image.</summary>
    /// <param name="width">Width of the image in pixels.</param>
    /// <param name="height">Height of the image in pixels.</param>
    /// <param name="size">Side of the model's input.</param>
    /// <exception cref="ImageRejectedException">The mask cannot be read; the message names it.</exception>
    public static GroundTruth Read(string path, int width, int height, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        DecodedMask mask = MaskDecoder.Decode(File.ReadAllBytes(path), path);
        byte[] pixels = Mask.Resize(mask.Marked.Span, mask.Width, mask.Height, size);
        string? fault =
            !SameShape(mask, width, height)
                ? FormattableString.Invariant($"it is {mask.Width} x {mask.Height}, its image {width} x {height}")
            : pixels.AsSpan().ContainsAnyExcept((byte)0) ? null
            : mask.Marked.Span.ContainsAnyExcept((byte)0)
                ? FormattableString.Invariant($"what it marks is too small to be seen at {size} pixels")
            : "it marks nothing";
        return new GroundTruth(pixels, fault);
    }

    // True if mask and image have the same aspect ratio; sides of a resized mask are rounded to whole pixels.
    private static bool SameShape(DecodedMask mask, int width, int height) =>
        Math.Abs(mask.Height - (double)mask.Width * height / width) <= 1
        || Math.Abs(mask.Width - (double)mask.Height * width / height) <= 1;
}

/// <summary>A mask that the pixel metrics leave out, together with its image.</summary>
/// <param name="Path">Path of the mask.</param>
/// <param name="Reason">Reason, such as "it marks nothing".</param>
public sealed record UnusedMask(string Path, string Reason);
