using System.Runtime.InteropServices;
using AaClip.Scoring.Images.Files;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Images;

/// <summary>
/// Turns the bytes of a JPEG, PNG, BMP, TIFF or WebP file into red, green and blue: (1) bytes and format, (2) the file's structure:
/// size within the limits, whole to the last byte, a kind that is read, (3) pixels, (4) orientation. Every refusal is an
/// <see cref="ImageRejectedException"/>. Alpha is dropped without blending, grey and palettes are expanded, colour profiles are ignored
/// (CMYK becomes (255 - ink) * (255 - black) / 255), and of several pages the largest is taken.
/// </summary>
/// <remarks>
/// Parity with Pillow is exact for PNG. Of JPEG it is within 4 levels and 0.5 in the mean where chroma is stored in full; where it is
/// stored at half size, Pillow interpolates and ImageSharp repeats samples, which shows at sharp changes of colour (docs/model.md).
/// Bitmaps of 16 bits and TIFF of unusual kinds may differ by rounding.
/// </remarks>
public static class ImageDecoder
{
    // A decoder takes twice a picture's bytes and more while it works: of large ones only two at a time do.
    private const int LargePixels = 25_000_000;
    private static readonly SemaphoreSlim LargeImages = new(2);

    /// <summary>Decodes a file; one that is too long is refused before it is read.</summary>
    /// <exception cref="ImageRejectedException">The file is missing, or can never be decoded.</exception>
    /// <exception cref="IOException">The file cannot be read at the moment.</exception>
    public static DecodedImage DecodeFile(string path, DecodeOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new DecodeOptions();
        FileInfo file = new(path);
        if (!file.Exists)
            throw new ImageRejectedException(ImageRejection.Missing, $"Image '{path}' does not exist: check the path.");
        CheckLength(file.Length, path, options.Limits);
        return Decode(File.ReadAllBytes(path), path, options);
    }

    /// <summary>Decodes an image. Synchronous CPU work; may run on many threads.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call the image in messages; its extension plays no part.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ImageRejectedException">The image can never be decoded.</exception>
    public static DecodedImage Decode(ReadOnlyMemory<byte> bytes, string name, DecodeOptions? options = null)
    {
        options ??= new DecodeOptions();

        // 1. Bytes and format
        ReadOnlySpan<byte> file = bytes.Span;
        CheckLength(file.Length, name, options.Limits);
        ImageFileFormat format =
            ImageFile.Detect(file)
            ?? throw new ImageRejectedException(
                ImageRejection.UnknownFormat,
                $"Image '{name}' is not JPEG, PNG, BMP, TIFF or WebP: its {file.Length} bytes begin with "
                    + $"{Convert.ToHexString(file[..Math.Min(8, file.Length)])}. Convert it to one of these; the file's name plays no part."
            );

        // 2. Structure
        ImageStructure structure = ImageStructure.Read(new ImageFile(bytes, format, name, options.Limits));

        // 3. Pixels
        RgbImage image =
            structure.Depth != 16 ? Guarded(structure, format, name, LoadBytes)
            : !options.Parity ? Guarded(structure, format, name, (f, content) => DeepSamples.Scaled(f, content, structure, name))
            : structure.Grey ? Guarded(structure, format, name, DeepSamples.Clipped)
            : Guarded(structure, format, name, DeepSamples.HighBytes);

        // 4. Orientation. Pillow turns TIFF while it loads, and nothing else, so that parity does too.
        bool ignored = options.Parity && format != ImageFileFormat.Tiff;
        int orientation = ignored || structure.Orientation is < 1 or > 8 ? 1 : structure.Orientation;
        return new DecodedImage(Orientation.Apply(image, orientation), format, image.Width, image.Height, orientation);
    }

    /// <summary>Reads a grey PNG of 16 bits, as <see cref="ImageEncoder.Png16"/> writes it.</summary>
    /// <returns>[height, width].</returns>
    /// <exception cref="InvalidDataException">It is no image, or of another size.</exception>
    public static ushort[] Grey16(ReadOnlySpan<byte> png, string name, int width, int height)
    {
        try
        {
            using MemoryStream content = new(png.ToArray());
            using Image<L16> image = Codecs.Decode<L16>(ImageFileFormat.Png, content);
            if (image.Width != width || image.Height != height)
                throw new InvalidDataException(
                    $"Map '{name}' is {image.Width} x {image.Height}, expected {width} x {height}: it was changed; score the image again."
                );
            ushort[] values = new ushort[width * height];
            image.CopyPixelDataTo(MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }
        catch (ImageFormatException e)
        {
            throw new InvalidDataException($"Map '{name}' cannot be read: {e.Message} Score the image again.", e);
        }
    }

    private static void CheckLength(long length, string name, ImageLimits limits)
    {
        if (length == 0)
            throw new ImageRejectedException(ImageRejection.Empty, $"Image '{name}' has no bytes: upload it again.");
        if (length > limits.MaxBytes)
            throw new ImageRejectedException(
                ImageRejection.TooManyBytes,
                $"Image '{name}' has {length} bytes, more than the limit of {limits.MaxBytes}: compress it or raise the limit."
            );
    }

    private static RgbImage LoadBytes(ImageFileFormat format, Stream content)
    {
        using Image<Rgb24> image = Codecs.Decode<Rgb24>(format, content);
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(image.Width * image.Height * 3));
        image.CopyPixelDataTo(pixels);
        return new RgbImage(image.Width, image.Height, pixels);
    }

    /// <summary>
    /// A decoder that is fed damaged bytes may throw nearly anything (index, arithmetic, argument, format errors); for the caller all
    /// of it means one thing, that this image cannot be read. Lack of memory or of a library is not the image's fault and passes through.
    /// </summary>
    private static RgbImage Guarded(
        ImageStructure structure,
        ImageFileFormat format,
        string name,
        Func<ImageFileFormat, Stream, RgbImage> load
    )
    {
        bool large = (long)structure.Width * structure.Height > LargePixels;
        if (large)
            LargeImages.Wait();
        try
        {
            RgbImage image = load(format, structure.Content);
            return (image.Width, image.Height) == (structure.Width, structure.Height)
                ? image
                : throw new InvalidDataException(
                    $"its header says {structure.Width} x {structure.Height}, its picture {image.Width} x {image.Height}"
                );
        }
        catch (Exception e)
            when (e is not (ImageRejectedException or OutOfMemoryException or TypeInitializationException or TypeLoadException))
        {
            throw new ImageRejectedException(
                ImageRejection.Damaged,
                $"Image '{name}' is damaged, or of a kind of {format} that is not read ({e.Message.TrimEnd('.')}): "
                    + "check it in a viewer and upload it again, or save it as PNG.",
                e
            );
        }
        finally
        {
            if (large)
                LargeImages.Release();
        }
    }
}
