using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AaClip.Scoring.Images.Files;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Images;

/// <summary>
/// Samples of 16 bits become bytes: round(v * 255 / 65535). Cameras of 10 and 12 bits are often stored in 16 without scaling, which would
/// be a nearly black picture. Where the file says how many bits are used (PNG: sBIT; TIFF: MaxSampleValue) and no sample has more, the
/// highest eight of them are taken, as these cameras do themselves in their modes of 8 bits.
/// </summary>
internal static class DeepSamples
{
    private const int TwelveBits = 4095;
    private const int Dark = 64; // of 1023: a dark frame also of a camera of 10 bits, so that nothing can be told of its bits

    /// <summary>As a person sees them.</summary>
    /// <exception cref="ImageRejectedException">No sample is above 4095, and the file does not say why.</exception>
    public static RgbImage Scaled(ImageFileFormat format, Stream content, ImageStructure structure, string name)
    {
        return structure.Grey ? Load<L16>(format, content, Levels) : Load<Rgb48>(format, content, Levels);

        Func<int, byte> Levels(int largest)
        {
            if (structure.UsedBits is { } bits and >= 8 and < 16 && largest < 1 << bits)
                return v => (byte)(v >> (bits - 8));
            if (largest is > Dark and <= TwelveBits)
                throw new ImageRejectedException(
                    ImageRejection.Unscaled,
                    $"Image '{name}' has samples of 16 bits, but none above {largest}, as cameras of 10 or 12 bits give them: it "
                        + $"would be nearly "
                        + "black. Scale the samples to 0 to 65535 or store 8 bits, or let the file say how many are used (PNG: "
                        + "sBIT; TIFF: MaxSampleValue)."
                );
            return v => (byte)(((v * 255L) + (ushort.MaxValue / 2)) / ushort.MaxValue);
        }
    }

    /// <summary>16-bit grey as Pillow's modes I and I;16 become RGB: what is above 255 is 255.</summary>
    public static RgbImage Clipped(ImageFileFormat format, Stream content) => Load<L16>(format, content, _ => v => (byte)Math.Min(v, 255));

    /// <summary>16-bit colour, and 16-bit grey with alpha, as Pillow reads them: the high byte of each sample.</summary>
    public static RgbImage HighBytes(ImageFileFormat format, Stream content) => Load<Rgb48>(format, content, _ => v => (byte)(v >> 8));

    /// <param name="levels">Given the largest sample, tells the byte of each.</param>
    private static RgbImage Load<TPixel>(ImageFileFormat format, Stream content, Func<int, Func<int, byte>> levels)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        using Image<TPixel> image = Codecs.Decode<TPixel>(format, content);
        int largest = 0;
        image.ProcessPixelRows(rows =>
        {
            for (int y = 0; y < rows.Height; y++)
                largest = Math.Max(largest, TensorPrimitives.Max<ushort>(MemoryMarshal.Cast<TPixel, ushort>(rows.GetRowSpan(y))));
        });
        byte[] table = [.. Enumerable.Range(0, ushort.MaxValue + 1).Select(levels(largest))];
        int copies = 3 * sizeof(ushort) / Unsafe.SizeOf<TPixel>(); // grey fills all three
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(image.Width * image.Height * 3));
        image.ProcessPixelRows(rows =>
        {
            for (int y = 0, at = 0; y < rows.Height; y++)
                foreach (ushort sample in MemoryMarshal.Cast<TPixel, ushort>(rows.GetRowSpan(y)))
                    for (int i = 0; i < copies; i++)
                        pixels[at++] = table[sample];
        });
        return new RgbImage(image.Width, image.Height, pixels);
    }
}
