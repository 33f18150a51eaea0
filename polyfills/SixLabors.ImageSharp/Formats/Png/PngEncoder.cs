namespace SixLabors.ImageSharp.Formats.Png;

/// <summary>How to write a PNG. Here the pixel type alone decides, so that these values, where given, must be its own.</summary>
public class PngEncoder
{
    public PngBitDepth? BitDepth { get; init; }

    public PngColorType? ColorType { get; init; }
}

public enum PngBitDepth : byte
{
    Bit1 = 1,
    Bit2 = 2,
    Bit4 = 4,
    Bit8 = 8,
    Bit16 = 16,
}

public enum PngColorType : byte
{
    Grayscale = 0,
    Rgb = 2,
    Palette = 3,
    GrayscaleWithAlpha = 4,
    RgbWithAlpha = 6,
}
