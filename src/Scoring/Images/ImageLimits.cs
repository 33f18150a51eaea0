namespace AaClip.Scoring.Images;

/// <summary>Limits on images; checked before any pixel is decoded.</summary>
public sealed record ImageLimits
{
    /// <summary>Maximum size of a file in bytes. Default 64 MB (64 * 1024 * 1024).</summary>
    public long MaxBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Maximum number of pixels, width times height. Default 100 million, which decode to 300 MB.</summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>Maximum length of a side in pixels. Default 30000.</summary>
    public int MaxSide { get; init; } = 30_000;

    /// <summary>Minimum length of a side in pixels. Default 1.</summary>
    public int MinSide { get; init; } = 1;
}
