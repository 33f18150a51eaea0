namespace AaClip.Scoring.Images.Files;

/// <summary>What an image file says about its first image, and what of the file a decoder is to see.</summary>
/// <param name="Width">Columns as stored.</param>
/// <param name="Height">Rows as stored.</param>
/// <param name="Content">
/// A file of the same format that was checked to its end and holds nothing but this image: no metadata, no further pages or frames.
/// </param>
internal sealed record ImageStructure(int Width, int Height, Stream Content)
{
    /// <summary>Bits of a sample as stored, where the format has more than 8; otherwise 8.</summary>
    public int Depth { get; init; } = 8;

    /// <summary>
    /// Bits that the samples of a deeper file use, as it says itself (PNG: sBIT; TIFF: MaxSampleValue); null where it does not.
    /// </summary>
    public int? UsedBits { get; init; }

    /// <summary>One sample per pixel, of brightness. Only said of PNG and TIFF.</summary>
    public bool Grey { get; init; }

    /// <summary>The orientation tag of EXIF or TIFF, as it stands there; 1 where there is none.</summary>
    public int Orientation { get; init; } = 1;

    /// <summary>
    /// Walks through the file's parts to the end of its first image. A decoder shows what it found of a file that was cut off and says
    /// nothing, loops for ever on some, and takes memory as a header tells it to; so each format is checked here first. What is not
    /// seen is damage inside compressed data other than JPEG's; that is left to the decoder's own checks.
    /// </summary>
    /// <exception cref="ImageRejectedException">A part is missing, the size is out of the limits, or the kind is not read.</exception>
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
