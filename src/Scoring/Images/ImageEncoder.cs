using System.Runtime.InteropServices;
using AaClip.Scoring.Images.Files;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Images;

/// <summary>Encodes images as JPEG and PNG.</summary>
public static class ImageEncoder
{
    /// <summary>Encodes a JPEG with chroma at half resolution.</summary>
    /// <param name="image">The image to encode.</param>
    /// <param name="quality">1 to 100.</param>
    public static byte[] Jpeg(RgbImage image, int quality = 90)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        using Image<Rgb24> source = Image.WrapMemory<Rgb24>(Codecs.Configuration, image.Pixels.AsMemory(), image.Width, image.Height);
        using MemoryStream file = new();
        source.SaveAsJpeg(file, new JpegEncoder { Quality = quality });
        return file.ToArray();
    }

    /// <summary>Encodes an 8-bit RGB PNG; lossless.</summary>
    public static byte[] Png(RgbImage image)
    {
        using Image<Rgb24> source = Image.WrapMemory<Rgb24>(Codecs.Configuration, image.Pixels.AsMemory(), image.Width, image.Height);
        using MemoryStream file = new();
        source.SaveAsPng(file, new PngEncoder { BitDepth = PngBitDepth.Bit8, ColorType = PngColorType.Rgb });
        return file.ToArray();
    }

    /// <summary>Encodes an 8-bit grey PNG; lossless.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="grey">[height, width], 0 to 255.</param>
    /// <exception cref="ArgumentException">The number of values is not width * height.</exception>
    public static byte[] Png8(int width, int height, ReadOnlySpan<byte> grey)
    {
        RequireLength(width, height, grey.Length);
        using Image<L8> image = Image.LoadPixelData<L8>(Codecs.Configuration, grey, width, height);
        return Grey(image, PngBitDepth.Bit8);
    }

    /// <summary>Encodes a 16-bit grey PNG; lossless.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="grey">[height, width], 0 to 65535.</param>
    /// <exception cref="ArgumentException">The number of values is not width * height.</exception>
    public static byte[] Png16(int width, int height, ReadOnlySpan<ushort> grey)
    {
        RequireLength(width, height, grey.Length);
        using Image<L16> image = Image.LoadPixelData<L16>(Codecs.Configuration, MemoryMarshal.AsBytes(grey), width, height);
        return Grey(image, PngBitDepth.Bit16);
    }

    private static void RequireLength(int width, int height, int grey)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (grey != (long)width * height)
            throw new ArgumentException(
                $"A grey image of {width} x {height} has {(long)width * height} values, but {grey} are given.",
                nameof(grey)
            );
    }

    private static byte[] Grey(Image image, PngBitDepth depth)
    {
        using MemoryStream file = new();
        image.SaveAsPng(file, new PngEncoder { BitDepth = depth, ColorType = PngColorType.Grayscale });
        return file.ToArray();
    }
}
