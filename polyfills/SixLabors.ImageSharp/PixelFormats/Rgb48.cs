using System.Runtime.InteropServices;

namespace SixLabors.ImageSharp.PixelFormats;

/// <summary>Red, green and blue, 16 bits each, in this order in memory.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Rgb48(ushort r, ushort g, ushort b) : IPixel<Rgb48>
{
    public ushort R = r;
    public ushort G = g;
    public ushort B = b;

    public static bool operator ==(Rgb48 left, Rgb48 right) => left.Equals(right);

    public static bool operator !=(Rgb48 left, Rgb48 right) => !left.Equals(right);

    public readonly bool Equals(Rgb48 other) => R == other.R && G == other.G && B == other.B;

    public override readonly bool Equals(object? obj) => obj is Rgb48 other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(R, G, B);
}
