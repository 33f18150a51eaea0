using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SixLabors.ImageSharp.Decoding;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp;

/// <summary>A decoded image. Its memory is pooled and goes back on disposal.</summary>
public sealed class Image<TPixel> : Image
    where TPixel : unmanaged, IPixel<TPixel>
{
    private readonly int _length;
    private byte[]? _pooled;

    /// <summary>An image whose pixels are not yet written.</summary>
    internal Image(int width, int height)
        : base(width, height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        _length = checked(width * height * Unsafe.SizeOf<TPixel>());
        _pooled = ArrayPool<byte>.Shared.Rent(_length);
    }

    internal Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pooled is null, this);
            return _pooled.AsSpan(0, _length);
        }
    }

    internal Span<TPixel> Pixels => MemoryMarshal.Cast<byte, TPixel>(Bytes);

    /// <summary>Copies all pixels, row by row.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public void CopyPixelDataTo(Span<byte> destination) => Bytes.CopyTo(destination);

    internal override byte[] Encode(string suffix) => VipsFile.Encode(this, suffix);

    protected override void Dispose(bool disposing)
    {
        if (_pooled is not null)
            ArrayPool<byte>.Shared.Return(_pooled);
        _pooled = null;
    }
}
