namespace AaClip.Scoring.Images;

/// <summary>What an image may be; checked before a pixel of it is decoded.</summary>
public sealed record ImageLimits
{
    /// <summary>Most bytes of a file. Default 64 MB (64 * 1024 * 1024).</summary>
    public long MaxBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Most pixels, width times height. Default 100 million, which decode to 300 MB.</summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>Most pixels of one side. Default 30000.</summary>
    public int MaxSide { get; init; } = 30_000;

    /// <summary>Fewest pixels of one side. Default 1.</summary>
    public int MinSide { get; init; } = 1;
}
