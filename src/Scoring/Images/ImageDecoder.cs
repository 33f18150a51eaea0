using System.Runtime.InteropServices;
using AaClip.Scoring.Images.Files;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Images;

/// <summary>
/// Decodes a JPEG, PNG, BMP, TIFF or WebP file to RGB: (1) file size and format, (2) structure of the file: size within the limits,
/// complete to the last byte, a supported kind, (3) pixels, (4) orientation. Every rejection is an <see cref="ImageRejectedException"/>.
/// Alpha is dropped without blending. Grey and palette images are expanded to RGB. Colour profiles are ignored; CMYK becomes (255 - ink) *
/// (255 - black) / 255. If there are several pages, the largest is taken.
/// </summary>
/// <remarks>
/// PNG equals Pillow exactly. JPEG differs by at most 4 levels, and by 0.5 in the mean, if chroma is stored at full resolution. If chroma
/// is stored at half resolution, Pillow interpolates and ImageSharp repeats samples, which is visible at sharp colour changes
/// (docs/model.md). 16-bit bitmaps and unusual kinds of TIFF may differ by rounding.
/// </remarks>
public static class ImageDecoder
{
    // A decoder needs at least twice the size of the decoded image while it works. So at most two large images are decoded at once.
    private const int LargePixels = 25_000_000;
    private static readonly SemaphoreSlim LargeImages = new(2);

    /// <summary>Detects the format of a file from its first 12 bytes.</summary>
    /// <returns>Null if it is none of the formats that are read.</returns>
    public static ImageFileFormat? Detect(ReadOnlySpan<byte> file) => ImageFile.Detect(file);

    /// <summary>Decodes a file. A file that is too large is rejected before it is read.</summary>
    /// <exception cref="ImageRejectedException">The file does not exist, or can never be decoded.</exception>
    /// <exception cref="IOException">The file cannot be read now; a later attempt may succeed.</exception>
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

    /// <summary>Decodes an image. Synchronous CPU work; thread-safe.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">The image's name in messages; its extension is ignored.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ImageRejectedException">The image can never be decoded.</exception>
    public static DecodedImage Decode(ReadOnlyMemory<byte> bytes, string name, DecodeOptions? options = null)
    {
        options ??= new DecodeOptions();

        // 1. Size and format of the file
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

        // 4. Orientation. Pillow applies it to TIFF while loading and to no other format, so parity mode does the same.
        bool ignored = options.Parity && format != ImageFileFormat.Tiff;
        int orientation = ignored || structure.Orientation is < 1 or > 8 ? 1 : structure.Orientation;
        return new DecodedImage(Orientation.Apply(image, orientation), format, image.Width, image.Height, orientation);
    }

    /// <summary>Reads a 16-bit grey PNG as written by <see cref="ImageEncoder.Png16"/>.</summary>
    /// <returns>[height, width].</returns>
    /// <exception cref="InvalidDataException">The content is not an image, or has another size.</exception>
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
    /// Decodes and translates exceptions. On damaged bytes a decoder may throw almost any exception (index, arithmetic, argument, format
    /// errors); they all mean that this image cannot be read. Lack of memory or a missing library is not the image's fault, so those
    /// exceptions are not translated.
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
