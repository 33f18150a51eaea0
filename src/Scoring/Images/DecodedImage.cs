namespace AaClip.Scoring.Images;

/// <summary>The formats that are read. Which one a file has is told by its first bytes, never by its name.</summary>
public enum ImageFileFormat
{
    /// <summary>JPEG, baseline or progressive, grey, colour or CMYK.</summary>
    Jpeg,

    /// <summary>PNG of any depth and colour type.</summary>
    Png,

    /// <summary>Windows or OS/2 bitmap.</summary>
    Bmp,

    /// <summary>TIFF; its largest page. BigTIFF is not read.</summary>
    Tiff,

    /// <summary>WebP; its first frame.</summary>
    WebP,
}

/// <summary>An image and what its file said about it.</summary>
/// <param name="Image">The pixels, turned where the options ask for it.</param>
/// <param name="Format">The format found in the content.</param>
/// <param name="StoredWidth">Columns as stored, before turning.</param>
/// <param name="StoredHeight">Rows as stored, before turning.</param>
/// <param name="Orientation">The orientation that was applied, 1 to 8 as in EXIF; 1 changes nothing.</param>
public sealed record DecodedImage(RgbImage Image, ImageFileFormat Format, int StoredWidth, int StoredHeight, int Orientation);
