namespace AaClip.Scoring.Images;

/// <summary>How an image file is converted to RGB.</summary>
public sealed record DecodeOptions
{
    /// <summary>
    /// False (default): the image as a viewer shows it. The EXIF orientation is applied, and 16-bit samples become 8 bits as round(v * 255
    /// / 65535), or by the number of used bits that the file declares (see <see cref="DeepSamples"/>). True: the same bytes that the
    /// published code gets from Pillow 9.4 (specification 4.1 and 8, row 19). The EXIF orientation is ignored, 16-bit grey is clipped at
    /// 255, and other 16-bit samples keep their high byte.
    /// </summary>
    public bool Parity { get; init; }

    /// <summary>Limits on file size and image size.</summary>
    public ImageLimits Limits { get; init; } = new();
}
