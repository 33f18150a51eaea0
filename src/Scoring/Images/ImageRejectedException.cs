namespace AaClip.Scoring.Images;

/// <summary>Why an image can never be scored; a retry does not help.</summary>
public enum ImageRejection
{
    /// <summary>The file does not exist.</summary>
    Missing,

    /// <summary>The file is in storage that cannot be read directly, such as the archive tier of a storage account.</summary>
    Archived,

    /// <summary>The file has no bytes.</summary>
    Empty,

    /// <summary>The file has more bytes than <see cref="ImageLimits.MaxBytes"/>.</summary>
    TooManyBytes,

    /// <summary>
    /// The content is not JPEG, PNG, BMP, TIFF or WebP, or is an unsupported kind of one of them, which the message names.
    /// </summary>
    UnknownFormat,

    /// <summary>The image has more pixels than <see cref="ImageLimits.MaxPixels"/>.</summary>
    TooManyPixels,

    /// <summary>A side is longer than <see cref="ImageLimits.MaxSide"/> or shorter than <see cref="ImageLimits.MinSide"/>.</summary>
    SideOutOfRange,

    /// <summary>The file is truncated or damaged, or of a kind that the decoder does not support.</summary>
    Damaged,

    /// <summary>The image has no content: one colour, a dark frame, or fewer pixels than one patch of the model.</summary>
    Blank,

    /// <summary>
    /// 16-bit samples that use only 10 or 12 bits, and the file does not declare it. Without scaling the image would be nearly black.
    /// </summary>
    Unscaled,
}

/// <summary>An image is rejected because of its content; a retry does not help. The message says what was found, and what to do.</summary>
public sealed class ImageRejectedException(ImageRejection code, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>The reason of the rejection.</summary>
    public ImageRejection Code { get; } = code;
}
