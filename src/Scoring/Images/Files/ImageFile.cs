namespace AaClip.Scoring.Images.Files;

/// <summary>An image file to check, and the exceptions that reject it.</summary>
/// <param name="Bytes">The whole file.</param>
/// <param name="Format">The format detected from the first bytes.</param>
/// <param name="Name">The image's name in messages.</param>
/// <param name="Limits">Limits on file size and image size.</param>
internal sealed record ImageFile(ReadOnlyMemory<byte> Bytes, ImageFileFormat Format, string Name, ImageLimits Limits)
{
    /// <summary>Detects the format from the first bytes; null if it is not supported.</summary>
    public static ImageFileFormat? Detect(ReadOnlySpan<byte> file) =>
        file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? ImageFileFormat.Jpeg
        : file.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]) ? ImageFileFormat.Png
        : file.StartsWith("BM"u8) ? ImageFileFormat.Bmp
        : file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8) ? ImageFileFormat.Tiff
        : file.Length >= 12 && file.StartsWith("RIFF"u8) && file[8..].StartsWith("WEBP"u8) ? ImageFileFormat.WebP
        : null;

    /// <summary>The exception for a file whose content contradicts its headers.</summary>
    /// <param name="trouble">End of the sentence that describes the file.</param>
    public ImageRejectedException Damaged(string trouble) =>
        new(
            ImageRejection.Damaged,
            $"Image '{Name}' is cut off or damaged: the {Format} file has {Bytes.Length} bytes, and {trouble}. "
                + "Upload it again once it is written completely."
        );

    /// <summary>The exception for a file that may be complete, but is of an unsupported kind.</summary>
    /// <param name="kind">The kind, with its article.</param>
    /// <param name="remedy">What to do.</param>
    public ImageRejectedException NotRead(string kind, string remedy = "save it as PNG") =>
        new(ImageRejection.UnknownFormat, $"Image '{Name}' is {kind}, which is not read: {remedy}.");

    /// <summary>Checks the size in the header against the limits, before anything is decoded or allocated.</summary>
    /// <exception cref="ImageRejectedException">A side or the number of pixels is out of range.</exception>
    public void CheckSize(long width, long height)
    {
        int least = Math.Max(1, Limits.MinSide);
        if (Math.Min(width, height) < least)
            throw new ImageRejectedException(
                ImageRejection.SideOutOfRange,
                $"Image '{Name}' is {width} x {height}, but no side may be shorter than {least}: "
                    + "send the image at its full size or lower the limit."
            );
        if (Math.Max(width, height) > Limits.MaxSide)
            throw new ImageRejectedException(
                ImageRejection.SideOutOfRange,
                $"Image '{Name}' is {width} x {height}, but no side may be longer than {Limits.MaxSide}: "
                    + "scale it down or raise the limit."
            );
        long most = Math.Min(Limits.MaxPixels, Array.MaxLength / 6); // 6 = three samples of two bytes each
        if (width * height > most)
            throw new ImageRejectedException(
                ImageRejection.TooManyPixels,
                $"Image '{Name}' is {width} x {height} = {width * height} pixels, more than the limit of {most}: "
                    + "scale it down or raise the limit."
            );
    }
}
