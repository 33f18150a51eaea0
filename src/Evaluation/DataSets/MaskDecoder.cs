using AaClip.Scoring.Images;
using AaClip.Scoring.Images.Files;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Evaluation.DataSets;

/// <summary>A decoded ground-truth mask at its original size.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Marked">[height, width], row-major; non-zero where anomalous.</param>
public sealed record DecodedMask(int Width, int Height, ReadOnlyMemory<byte> Marked);

/// <summary>
/// Reads ground-truth masks: any value except 0 marks an anomaly (AA-CLIP, dataset). If all colours are 0, the alpha channel is used.
/// </summary>
public static class MaskDecoder
{
    /// <summary>Decodes a mask.</summary>
    /// <param name="name">Name of the mask for error messages.</param>
    /// <exception cref="ImageRejectedException">The mask cannot be decoded; a retry would fail again.</exception>
    public static DecodedMask Decode(ReadOnlyMemory<byte> bytes, string name)
    {
        RgbImage image = ImageDecoder.Decode(bytes, name, new DecodeOptions { Parity = true }).Image;
        byte[] marked = new byte[image.Width * image.Height];
        for (int i = 0; i < marked.Length; i++)
            marked[i] = (byte)(image.Pixels[3 * i] | image.Pixels[3 * i + 1] | image.Pixels[3 * i + 2]);
        return new DecodedMask(
            image.Width,
            image.Height,
            marked.AsSpan().ContainsAnyExcept((byte)0) ? marked : Alpha(bytes, image) ?? marked
        );
    }

    // Null if alpha cannot be used: it is the same everywhere, or the format has no usable alpha channel.
    private static byte[]? Alpha(ReadOnlyMemory<byte> bytes, RgbImage image)
    {
        if (ImageFile.Detect(bytes.Span) is not (ImageFileFormat.Png and var format))
            return null;
        using MemoryStream content = new(bytes.ToArray());
        using Image<Rgba32> whole = Codecs.Decode<Rgba32>(format, content);
        byte[] pixels = new byte[4 * image.Width * image.Height],
            alpha = new byte[image.Width * image.Height];
        whole.CopyPixelDataTo(pixels);
        for (int i = 0; i < alpha.Length; i++)
            alpha[i] = pixels[4 * i + 3];
        return alpha.AsSpan().ContainsAnyExcept(alpha[0]) ? alpha : null;
    }
}
