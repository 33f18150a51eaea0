namespace AaClip.Scoring.Images.Files;

/// <summary>Header data of a file's first image, and the part of the file that the decoder gets.</summary>
/// <param name="Width">Columns as stored.</param>
/// <param name="Height">Rows as stored.</param>
/// <param name="Content">
/// A file of the same format, checked to its end, that contains only this image: no metadata, no further pages or frames.
/// </param>
internal sealed record ImageStructure(int Width, int Height, Stream Content)
{
    /// <summary>Bits per sample as stored, if the file has more than 8; otherwise 8.</summary>
    public int Depth { get; init; } = 8;

    /// <summary>
    /// Used bits per sample of a file with more than 8 bits, as the file declares (PNG: sBIT; TIFF: MaxSampleValue); null if it does not.
    /// </summary>
    public int? UsedBits { get; init; }

    /// <summary>True for a grey image with one sample per pixel. Set for PNG and TIFF only.</summary>
    public bool Grey { get; init; }

    /// <summary>The orientation tag of EXIF or TIFF as stored; 1 if there is none.</summary>
    public int Orientation { get; init; } = 1;

    /// <summary>
    /// Parses the file to the end of its first image. This check is needed for each format because decoders return the decoded part of a
    /// truncated file without an error, loop forever on some files, and allocate whatever size a header declares. Damage inside compressed
    /// data is detected here for JPEG only; for other formats the decoder's own checks apply.
    /// </summary>
    /// <exception cref="ImageRejectedException">
    /// A part is missing, the size is outside the limits, or the kind is not supported.
    /// </exception>
    public static ImageStructure Read(ImageFile file) =>
        file.Format switch
        {
            ImageFileFormat.Jpeg => JpegFile.Read(file),
            ImageFileFormat.Png => PngFile.Read(file),
            ImageFileFormat.Bmp => BmpFile.Read(file),
            ImageFileFormat.Tiff => TiffFile.Read(file),
            _ => WebPFile.Read(file),
        };
}
