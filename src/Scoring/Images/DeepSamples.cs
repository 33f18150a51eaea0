using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AaClip.Scoring.Images.Files;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Images;

/// <summary>
/// Converts 16-bit samples to bytes: round(v * 255 / 65535). Images from 10-bit and 12-bit cameras are often stored in 16 bits without
/// scaling and would become nearly black. If the file declares how many bits are used (PNG: sBIT; TIFF: MaxSampleValue) and no sample
/// exceeds them, the highest eight of these bits are taken. These cameras do the same in their own 8-bit modes.
/// </summary>
internal static class DeepSamples
{
    private const int TwelveBits = 4095;

    // a 10-bit camera (up to 1023) may also give such a dark frame, so the bit depth cannot be inferred from it
    private const int Dark = 64;

    /// <summary>Converts the samples to bytes as a viewer shows them.</summary>
    /// <exception cref="ImageRejectedException">
    /// The largest sample is between 65 and 4095, and the file does not declare fewer used bits.
    /// </exception>
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

    /// <summary>Converts 16-bit grey as Pillow converts modes I and I;16 to RGB: values above 255 become 255.</summary>
    public static RgbImage Clipped(ImageFileFormat format, Stream content) => Load<L16>(format, content, _ => v => (byte)Math.Min(v, 255));

    /// <summary>Converts 16-bit colour, and 16-bit grey with alpha, as Pillow does: takes the high byte of each sample.</summary>
    public static RgbImage HighBytes(ImageFileFormat format, Stream content) => Load<Rgb48>(format, content, _ => v => (byte)(v >> 8));

    /// <param name="levels">Takes the largest sample and returns the function that converts each sample to a byte.</param>
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
        int copies = 3 * sizeof(ushort) / Unsafe.SizeOf<TPixel>(); // grey fills all three channels
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
