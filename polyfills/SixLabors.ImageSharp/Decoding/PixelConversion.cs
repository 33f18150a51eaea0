using System.Runtime.InteropServices;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp.Decoding;

/// <summary>Turns decoded samples, interleaved by band, into pixels. Bands: 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha or CMYK.</summary>
internal static class PixelConversion
{
    public static void FromEightBit<TPixel>(ReadOnlySpan<byte> samples, int bands, bool cmyk, Span<TPixel> pixels)
        where TPixel : unmanaged
    {
        int green = bands >= 3 ? 1 : 0, blue = bands >= 3 ? 2 : 0;
        if (typeof(TPixel) == typeof(Rgb24))
        {
            Span<Rgb24> rgb = MemoryMarshal.Cast<TPixel, Rgb24>(pixels);
            if (cmyk && bands >= 4)
                for (int i = 0, s = 0; i < rgb.Length; i++, s += bands)
                    rgb[i] = new Rgb24(Ink(samples[s], samples[s + 3]), Ink(samples[s + 1], samples[s + 3]), Ink(samples[s + 2], samples[s + 3]));
            else
                for (int i = 0, s = 0; i < rgb.Length; i++, s += bands)
                    rgb[i] = new Rgb24(samples[s], samples[s + green], samples[s + blue]);
        }
        else if (typeof(TPixel) == typeof(Rgb48) && !cmyk)
        {
            Span<Rgb48> rgb = MemoryMarshal.Cast<TPixel, Rgb48>(pixels);
            for (int i = 0, s = 0; i < rgb.Length; i++, s += bands)
                rgb[i] = new Rgb48(Widen(samples[s]), Widen(samples[s + green]), Widen(samples[s + blue]));
        }
        else if (typeof(TPixel) == typeof(L16) && bands < 3)
        {
            Span<L16> grey = MemoryMarshal.Cast<TPixel, L16>(pixels);
            for (int i = 0, s = 0; i < grey.Length; i++, s += bands)
                grey[i] = new L16(Widen(samples[s]));
        }
        else
        {
            throw new NotSupportedException($"The polyfill does not decode {bands} bands of 8 bits to {typeof(TPixel).Name}.");
        }
    }

    public static void FromSixteenBit<TPixel>(ReadOnlySpan<ushort> samples, int bands, Span<TPixel> pixels)
        where TPixel : unmanaged
    {
        int green = bands >= 3 ? 1 : 0, blue = bands >= 3 ? 2 : 0;
        if (typeof(TPixel) == typeof(Rgb24))
        {
            Span<Rgb24> rgb = MemoryMarshal.Cast<TPixel, Rgb24>(pixels);
            for (int i = 0, s = 0; i < rgb.Length; i++, s += bands)
                rgb[i] = new Rgb24(Narrow(samples[s]), Narrow(samples[s + green]), Narrow(samples[s + blue]));
        }
        else if (typeof(TPixel) == typeof(Rgb48))
        {
            Span<Rgb48> rgb = MemoryMarshal.Cast<TPixel, Rgb48>(pixels);
            for (int i = 0, s = 0; i < rgb.Length; i++, s += bands)
                rgb[i] = new Rgb48(samples[s], samples[s + green], samples[s + blue]);
        }
        else if (typeof(TPixel) == typeof(L16) && bands < 3)
        {
            Span<L16> grey = MemoryMarshal.Cast<TPixel, L16>(pixels);
            for (int i = 0, s = 0; i < grey.Length; i++, s += bands)
                grey[i] = new L16(samples[s]);
        }
        else
        {
            throw new NotSupportedException($"The polyfill does not decode {bands} bands of 16 bits to {typeof(TPixel).Name}.");
        }
    }

    private static ushort Widen(byte v) => (ushort)(v * 257); // 257 = 65535 / 255

    private static byte Narrow(ushort v) => (byte)(((v * 255) + 32895) >> 16); // round(v * 255 / 65535) for every v

    /// <summary>What is left of a colour under an ink and black, both 0 (none) to 255; without a colour profile.</summary>
    private static byte Ink(byte ink, byte black) => (byte)((((255 - ink) * (255 - black)) + 127) / 255);
}
