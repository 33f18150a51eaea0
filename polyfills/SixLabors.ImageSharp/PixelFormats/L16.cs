namespace SixLabors.ImageSharp.PixelFormats;

/// <summary>One grey value of 16 bits.</summary>
public struct L16(ushort luminance) : IPixel<L16>
{
    public ushort PackedValue { get; set; } = luminance;

    public static bool operator ==(L16 left, L16 right) => left.Equals(right);

    public static bool operator !=(L16 left, L16 right) => !left.Equals(right);

    public readonly bool Equals(L16 other) => PackedValue == other.PackedValue;

    public override readonly bool Equals(object? obj) => obj is L16 other && Equals(other);

    public override readonly int GetHashCode() => PackedValue;
}
