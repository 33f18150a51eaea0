using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AaClip.Scoring.Images;

/// <summary>Turns an image as its orientation tag says (EXIF 2.32 and TIFF 6.0, tag 274).</summary>
internal static class Orientation
{
    private const int Tile = 32; // 32 rows and columns of 3 bytes stay in the first-level cache while rows become columns

    /// <summary>The upright image; the same object for 1.</summary>
    /// <param name="image">As stored.</param>
    /// <param name="orientation">1 as it is, 2 mirrored, 3 half turn, 4 upside down, 5 transposed, 6 turn right, 7 transverse, 8 turn
    /// left.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // called seldom and on millions of pixels: must be fast the first time
    public static RgbImage Apply(RgbImage image, int orientation)
    {
        if (orientation == 1)
            return image;

        int width = image.Width,
            height = image.Height;
        bool swap = orientation >= 5;
        bool fromRight = orientation is 2 or 3 or 7 or 8; // the stored column runs against the axis it lands on
        bool fromBottom = orientation is 3 or 4 or 6 or 7; // the stored row does
        int stepX = swap ? height : 1,
            stepY = swap ? 1 : width; // where the next column and row land
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
