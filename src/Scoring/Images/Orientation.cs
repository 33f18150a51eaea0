using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AaClip.Scoring.Images;

/// <summary>Rotates and mirrors an image according to its orientation tag (EXIF 2.32 and TIFF 6.0, tag 274).</summary>
internal static class Orientation
{
    private const int Tile = 32; // 32 x 32 pixels of 3 bytes stay in the L1 cache while rows become columns

    /// <summary>Returns the upright image; the same object for orientation 1.</summary>
    /// <param name="image">The image as stored.</param>
    /// <param name="orientation">
    /// 1 no change, 2 mirror left-right, 3 rotate 180°, 4 mirror top-bottom, 5 transpose, 6 rotate 90° clockwise, 7 transverse, 8 rotate
    /// 90° counter-clockwise.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // called rarely, on millions of pixels: must be optimised at the first call
    public static RgbImage Apply(RgbImage image, int orientation)
    {
        if (orientation == 1)
            return image;

        int width = image.Width,
            height = image.Height;
        bool swap = orientation >= 5;
        bool fromRight = orientation is 2 or 3 or 7 or 8; // stored columns run against the target axis
        bool fromBottom = orientation is 3 or 4 or 6 or 7; // stored rows run against the target axis
        int stepX = swap ? height : 1,
            stepY = swap ? 1 : width; // target offset to the next stored column and row
        int origin = (fromRight ? (width - 1) * stepX : 0) + (fromBottom ? (height - 1) * stepY : 0);
        stepX = fromRight ? -stepX : stepX;
        stepY = fromBottom ? -stepY : stepY;

        byte[] turned = GC.AllocateUninitializedArray<byte>(image.Pixels.Length);
        ReadOnlySpan<Pixel> source = MemoryMarshal.Cast<byte, Pixel>(image.Pixels.AsSpan());
        Span<Pixel> target = MemoryMarshal.Cast<byte, Pixel>(turned.AsSpan());
        for (int y0 = 0; y0 < height; y0 += Tile)
        for (int x0 = 0; x0 < width; x0 += Tile)
        for (int y = y0; y < Math.Min(y0 + Tile, height); y++)
        {
            int to = origin + (y * stepY) + (x0 * stepX);
            foreach (Pixel pixel in source.Slice((y * width) + x0, Math.Min(Tile, width - x0)))
            {
                target[to] = pixel;
                to += stepX;
            }
        }

        return swap ? new RgbImage(height, width, turned) : new RgbImage(width, height, turned);
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly record struct Pixel(byte R, byte G, byte B);
}
