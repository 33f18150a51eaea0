using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Metadata.Profiles.Exif;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Images;

/// <summary>
/// Turns the bytes of a JPEG, PNG, BMP, TIFF or WebP file into red, green and blue: (1) bytes and format, (2) whole to the last
/// byte, (3) size in the header, (4) pixels, (5) orientation. Every refusal is an <see cref="ImageRejectedException"/>.
/// Alpha is dropped without blending, grey and palettes are expanded, colour profiles are ignored (CMYK becomes
/// (255 - ink) * (255 - black) / 255), and of several pages or frames the first is taken.
/// </summary>
/// <remarks>
/// Parity with Pillow is exact for PNG. For JPEG it is that of the decoder below: within 4 levels and 0.5 in the mean where chroma
/// is stored in full. Where it is halved, libvips interpolates as Pillow does; ImageSharp repeats samples, which shows at sharp
/// changes of colour. Bitmaps of 16 bits and TIFF of unusual kinds may differ by rounding.
/// </remarks>
public static class ImageDecoder
{
    private static readonly Configuration Formats = new(
        new JpegConfigurationModule(), new PngConfigurationModule(), new BmpConfigurationModule(), new TiffConfigurationModule(), new WebpConfigurationModule());

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
        ArgumentNullException.ThrowIfNull(name);
        options ??= new DecodeOptions();

        // 1. Bytes and format
        ReadOnlySpan<byte> file = bytes.Span;
        CheckLength(file.Length, name, options.Limits);
        ImageFileFormat format = FileStructure.Detect(file) ?? throw new ImageRejectedException(
            ImageRejection.UnknownFormat,
            $"Image '{name}' is not JPEG, PNG, BMP, TIFF or WebP: its {file.Length} bytes begin with {Convert.ToHexString(file[..Math.Min(8, file.Length)])}. "
            + "Convert it to one of these; the file's name plays no part.");

        // 2. Whole to the last byte
        FileStructure structure = FileStructure.Read(file, format, name);

        // 3. Size in the header
        IImageInfo info = Guarded(file, format, name, static f => Image.Identify(Formats, new MemoryStream(f.ToArray())));
        CheckSize(info.Width, info.Height, name, options.Limits);

        // 4. Pixels
        RgbImage image = !options.Parity || structure.Depth != 16 ? Guarded(file, format, name, LoadScaled)
            : structure.Grey ? Guarded(file, format, name, LoadClipped)
            : Guarded(file, format, name, LoadHighBytes);

        // 5. Orientation. Pillow turns TIFF while it loads, and nothing else, so that parity does too.
        int orientation = format == ImageFileFormat.Tiff ? structure.Orientation
            : options.Parity || info.Metadata.ExifProfile is not { } exif || exif.GetValue(ExifTag.Orientation) is not { } tag ? 1
            : tag.Value;
        orientation = orientation is >= 1 and <= 8 ? orientation : 1;
        return new DecodedImage(Orientation.Apply(image, orientation), format, image.Width, image.Height, orientation);
    }

    /// <summary>Reads a grey PNG of 16 bits, as <see cref="ImageEncoder.Png16"/> writes it.</summary>
    /// <returns>[height, width].</returns>
    /// <exception cref="InvalidDataException">It is no image, or of another size.</exception>
    public static ushort[] Grey16(ReadOnlySpan<byte> png, string name, int width, int height)
    {
        try
        {
            using Image<L16> image = Image.Load<L16>(Formats, png);
            if (image.Width != width || image.Height != height)
                throw new InvalidDataException($"Map '{name}' is {image.Width} x {image.Height}, expected {width} x {height}: it was changed; score the image again.");
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
            throw new ImageRejectedException(ImageRejection.TooManyBytes, $"Image '{name}' has {length} bytes, more than the limit of {limits.MaxBytes}: compress it or raise the limit.");
    }

    private static void CheckSize(int width, int height, string name, ImageLimits limits)
    {
        if (Math.Min(width, height) < Math.Max(1, limits.MinSide))
            throw new ImageRejectedException(
                ImageRejection.SideOutOfRange,
                $"Image '{name}' is {width} x {height}, but no side may be shorter than {Math.Max(1, limits.MinSide)}: send the image at its full size or lower the limit.");
        if (Math.Max(width, height) > limits.MaxSide)
            throw new ImageRejectedException(
                ImageRejection.SideOutOfRange,
                $"Image '{name}' is {width} x {height}, but no side may be longer than {limits.MaxSide}: scale it down or raise the limit.");
        long most = Math.Min(limits.MaxPixels, Array.MaxLength / 6); // 6 = three samples of two bytes
        if ((long)width * height > most)
            throw new ImageRejectedException(
                ImageRejection.TooManyPixels,
                $"Image '{name}' is {width} x {height} = {(long)width * height} pixels, more than the limit of {most}: scale it down or raise the limit.");
    }

    private static RgbImage LoadScaled(ReadOnlySpan<byte> file)
    {
        using Image<Rgb24> image = Image.Load<Rgb24>(Formats, file);
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(image.Width * image.Height * 3));
        image.CopyPixelDataTo(pixels);
        return new RgbImage(image.Width, image.Height, pixels);
    }

    /// <summary>16-bit grey as Pillow's modes I and I;16 become RGB: what is above 255 is 255.</summary>
    private static RgbImage LoadClipped(ReadOnlySpan<byte> file)
    {
        using Image<L16> image = Image.Load<L16>(Formats, file);
        ushort[] grey = new ushort[image.Width * image.Height];
        image.CopyPixelDataTo(MemoryMarshal.AsBytes(grey.AsSpan()));
        byte[] pixels = new byte[grey.Length * 3];
        for (int i = 0; i < grey.Length; i++)
            pixels.AsSpan(3 * i, 3).Fill((byte)Math.Min(grey[i], (ushort)255));
        return new RgbImage(image.Width, image.Height, pixels);
    }

    /// <summary>16-bit colour, and 16-bit grey with alpha, as Pillow reads them: the high byte of each sample.</summary>
    private static RgbImage LoadHighBytes(ReadOnlySpan<byte> file)
    {
        using Image<Rgb48> image = Image.Load<Rgb48>(Formats, file);
        ushort[] samples = new ushort[checked(image.Width * image.Height * 3)];
        image.CopyPixelDataTo(MemoryMarshal.AsBytes(samples.AsSpan()));
        byte[] pixels = new byte[samples.Length];
        for (int i = 0; i < samples.Length; i++)
            pixels[i] = (byte)(samples[i] >> 8);
        return new RgbImage(image.Width, image.Height, pixels);
    }

    private delegate T Reader<out T>(ReadOnlySpan<byte> file);

    /// <summary>
    /// A decoder that is fed damaged bytes may throw nearly anything (index, arithmetic, argument, format errors); for the caller all
    /// of it means one thing, that this image cannot be read. Lack of memory or of a library is not the image's fault and passes through.
    /// </summary>
    private static T Guarded<T>(ReadOnlySpan<byte> file, ImageFileFormat format, string name, Reader<T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or TypeInitializationException or TypeLoadException))
        {
            throw new ImageRejectedException(
                ImageRejection.Damaged,
                $"Image '{name}' is damaged, or of a kind of {format} that is not read ({e.Message.TrimEnd('.')}): "
                + "check it in a viewer and upload it again, or save it as PNG.",
                e);
        }
    }
}
