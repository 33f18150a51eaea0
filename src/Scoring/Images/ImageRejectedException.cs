namespace AaClip.Scoring.Images;

/// <summary>Why an image can never be scored, however often it is tried.</summary>
public enum ImageRejection
{
    /// <summary>There is no such file.</summary>
    Missing,

    /// <summary>It is stored where it cannot be read from, such as in the archive tier of a storage account.</summary>
    Archived,

    /// <summary>The file has no bytes.</summary>
    Empty,

    /// <summary>The file has more bytes than <see cref="ImageLimits.MaxBytes"/>.</summary>
    TooManyBytes,

    /// <summary>The content is not JPEG, PNG, BMP, TIFF or WebP, or a kind of these that is not read and that the message names.</summary>
    UnknownFormat,

    /// <summary>The image has more pixels than <see cref="ImageLimits.MaxPixels"/>.</summary>
    TooManyPixels,

    /// <summary>A side is longer than <see cref="ImageLimits.MaxSide"/> or shorter than <see cref="ImageLimits.MinSide"/>.</summary>
    SideOutOfRange,

    /// <summary>The file is cut off or damaged, or of a kind of its format that the decoder does not know.</summary>
    Damaged,

    /// <summary>The image shows nothing: one colour, a dark frame, or fewer pixels than a patch of the model.</summary>
    Blank,

    /// <summary>
    /// 16-bit samples that use 10 or 12 bits alone, while nothing in the file says so: scored as they are, they would be nearly black.
    /// </summary>
    Unscaled,
}

/// <summary>An image is refused for what it is; trying again cannot help. The message says what was found, and what to do.</summary>
public sealed class ImageRejectedException(ImageRejection code, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>The reason.</summary>
    public ImageRejection Code { get; } = code;
}
