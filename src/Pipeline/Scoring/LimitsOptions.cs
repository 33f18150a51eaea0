using System.ComponentModel.DataAnnotations;
using AaClip.Scoring.Images;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Scoring;

/// <summary>Limits of an image, and of how many images are in memory.</summary>
public sealed class LimitsOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Limits";

    /// <summary>
    /// Maximum bytes of an image file, 1 to 2147483591; default 67108864 (64 MiB). Larger files fail without being downloaded.
    /// </summary>
    [Range(1L, 2_147_483_591L)] // the maximum length of a byte array
    public long MaxBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>Maximum pixels of an image, 1 to 715827863; default 100 million, which decode to 300 MB.</summary>
    [Range(1L, 715_827_863L)]
    public long MaxPixels { get; set; } = 100_000_000;

    /// <summary>
    /// Maximum number of images in memory at a time, separately for new images and for jobs; 1 to 1024; default 16. Set at least
    /// Batching__MaxSize; otherwise batches are never full.
    /// </summary>
    [Range(1, 1024)]
    public int MaxImagesInMemory { get; set; } = 16;

    /// <summary>
    /// Longest side of a heatmap in pixels, 64 to 30000; default 2048. A larger image is scaled down before its heatmap is drawn.
    /// </summary>
    [Range(64, 30_000)]
    public int HeatmapSide { get; set; } = 2048;

    /// <summary>The limits as the decoder takes them.</summary>
    internal DecodeOptions Decode =>
        new()
        {
            Limits = new ImageLimits { MaxBytes = MaxBytes, MaxPixels = MaxPixels },
        };
}

/// <summary>Checks <see cref="LimitsOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class LimitsOptionsValidator : IValidateOptions<LimitsOptions>;
