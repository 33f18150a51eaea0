namespace AaClip.Scoring.Images;

/// <summary>The supported formats. The format is detected from the first bytes of the file, never from its name.</summary>
public enum ImageFileFormat
{
    /// <summary>JPEG, baseline or progressive, grey, colour or CMYK.</summary>
    Jpeg,

    /// <summary>PNG of any depth and colour type.</summary>
    Png,

    /// <summary>Windows or OS/2 bitmap.</summary>
    Bmp,

    /// <summary>TIFF; the largest page. BigTIFF is not supported.</summary>
    Tiff,

    /// <summary>WebP; the first frame.</summary>
    WebP,
}

/// <summary>A decoded image and the properties of its file.</summary>
/// <param name="Image">The pixels, rotated or mirrored if the options ask for it.</param>
/// <param name="Format">The format detected from the content.</param>
/// <param name="StoredWidth">Columns as stored, before the orientation is applied.</param>
/// <param name="StoredHeight">Rows as stored, before the orientation is applied.</param>
/// <param name="Orientation">The orientation that was applied, 1 to 8 as in EXIF; 1 means no change.</param>
public sealed record DecodedImage(RgbImage Image, ImageFileFormat Format, int StoredWidth, int StoredHeight, int Orientation);
