namespace AaClip.Scoring.Images;

/// <summary>How an image file becomes red, green and blue.</summary>
public sealed record DecodeOptions
{
    /// <summary>
    /// False (default): the picture as a person sees it; the EXIF orientation is applied and 16 bits become 8 as
    /// round(v * 255 / 65535), or by the bits that the file says are used (see <see cref="DeepSamples"/>). True: the bytes that the
    /// published code gets from Pillow 9.4 (specification 4.1 and 8, row 19): the EXIF orientation is ignored, 16-bit grey is clipped at
    /// 255, other 16-bit samples keep their high byte.
    /// </summary>
    public bool Parity { get; init; }

    /// <summary>What is accepted.</summary>
    public ImageLimits Limits { get; init; } = new();
}
