using SixLabors.ImageSharp.Decoding;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.Metadata.Profiles.Exif;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp;

/// <summary>
/// A decoded image of any pixel type, and the entrances of the library. Reads JPEG, PNG, TIFF and WebP by libvips and BMP by the
/// code in <see cref="BmpFile"/>: libvips has no loader of its own for it.
/// </summary>
public abstract class Image : IDisposable
{
    private protected Image(int width, int height)
    {
        Width = width;
        Height = height;
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Reads the header alone.</summary>
    /// <exception cref="UnknownImageFormatException">No known format.</exception>
    /// <exception cref="InvalidImageContentException">The header is damaged.</exception>
    public static ImageInfo Identify(DecoderOptions options, ReadOnlySpan<byte> buffer)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (BmpFile.Is(buffer))
        {
            BmpFile bmp = BmpFile.Parse(buffer);
            return new ImageInfo(bmp.Width, bmp.Height, new ImageMetadata());
        }

        VipsHeader header = VipsFile.ReadHeader(buffer);
        ImageMetadata metadata = new();
        if (header.Orientation is { } orientation)
        {
            metadata.ExifProfile = new ExifProfile();
            metadata.ExifProfile.SetValue(ExifTag.Orientation, orientation);
        }

        return new ImageInfo(header.Width, header.Height, metadata);
    }

    /// <summary>Decodes the first frame. Alpha is dropped, 16 bits go to 8 as round(v * 255 / 65535), grey and palettes are expanded.</summary>
    /// <exception cref="UnknownImageFormatException">No known format.</exception>
    /// <exception cref="InvalidImageContentException">The image is damaged or cut off.</exception>
    public static Image<TPixel> Load<TPixel>(DecoderOptions options, ReadOnlySpan<byte> data)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        ArgumentNullException.ThrowIfNull(options);
        return BmpFile.Is(data) ? BmpFile.Parse(data).Decode<TPixel>(data) : VipsFile.Decode<TPixel>(data);
    }

    /// <summary>An image of the given pixels, row by row, copied.</summary>
    /// <exception cref="ArgumentException">There are fewer pixels than the size needs.</exception>
    public static Image<TPixel> LoadPixelData<TPixel>(ReadOnlySpan<byte> data, int width, int height)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        Image<TPixel> image = new(width, height);
        if (data.Length < image.Bytes.Length)
        {
            image.Dispose();
            throw new ArgumentException($"{width} x {height} pixels need {image.Bytes.Length} bytes, but {data.Length} are given.", nameof(data));
        }

        data[..image.Bytes.Length].CopyTo(image.Bytes);
        return image;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    internal abstract byte[] Encode(string suffix);
}
