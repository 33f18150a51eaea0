using System.Runtime.InteropServices;

namespace SixLabors.ImageSharp.PixelFormats;

/// <summary>Red, green and blue, 8 bits each, in this order in memory.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Rgb24(byte r, byte g, byte b) : IPixel<Rgb24>
{
    public byte R = r;
    public byte G = g;
    public byte B = b;

    public static bool operator ==(Rgb24 left, Rgb24 right) => left.Equals(right);

    public static bool operator !=(Rgb24 left, Rgb24 right) => !left.Equals(right);

    public readonly bool Equals(Rgb24 other) => R == other.R && G == other.G && B == other.B;

    public override readonly bool Equals(object? obj) => obj is Rgb24 other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(R, G, B);
}
