using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp;

/// <summary>Writes images.</summary>
public static class ImageExtensions
{
    /// <exception cref="NotSupportedException">The encoder asks for another kind of PNG than that of the image's own pixels.</exception>
    public static void SaveAsPng(this Image source, Stream stream, PngEncoder encoder)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(stream);
        (PngBitDepth depth, PngColorType color) = source switch
        {
            Image<Rgb24> => (PngBitDepth.Bit8, PngColorType.Rgb),
            Image<Rgb48> => (PngBitDepth.Bit16, PngColorType.Rgb),
            _ => (PngBitDepth.Bit16, PngColorType.Grayscale),
        };
        if ((encoder?.BitDepth ?? depth) != depth || (encoder?.ColorType ?? color) != color)
            throw new NotSupportedException($"The polyfill writes an image of these pixels as {depth} {color}, not as {encoder?.BitDepth} {encoder?.ColorType}.");
        stream.Write(source.Encode($".png[compression=6,bitdepth={(int)depth},keep=none]"));
    }

    public static void SaveAsJpeg(this Image source, Stream stream, JpegEncoder encoder)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(stream);
        // 4:2:0 at every quality, as the package does unless told otherwise
        stream.Write(source.Encode($".jpg[Q={encoder?.Quality ?? 75},subsample_mode=on,keep=none]"));
    }
}
