using SixLabors.ImageSharp.Metadata.Profiles.Exif;

namespace SixLabors.ImageSharp.Metadata;

/// <summary>What a file says about its image beside the pixels.</summary>
public sealed class ImageMetadata
{
    /// <summary>The EXIF values; null where the file has none. Not filled for TIFF, as in the real package.</summary>
    public ExifProfile? ExifProfile { get; set; }
}
