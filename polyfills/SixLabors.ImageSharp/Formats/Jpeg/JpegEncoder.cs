namespace SixLabors.ImageSharp.Formats.Jpeg;

/// <summary>How to write a JPEG.</summary>
public sealed class JpegEncoder
{
    private readonly int? _quality;

    /// <summary>1 to 100; 75 where it is not given.</summary>
    /// <exception cref="ArgumentException">The value is outside of 1 to 100.</exception>
    public int? Quality
    {
        get => _quality;
        init => _quality = value is < 1 or > 100 ? throw new ArgumentException("Quality factor must be in [1..100] range.") : value;
    }
}
