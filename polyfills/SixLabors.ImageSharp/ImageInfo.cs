using SixLabors.ImageSharp.Metadata;

namespace SixLabors.ImageSharp;

/// <summary>What the header of an image says; no pixel is decoded for it.</summary>
public class ImageInfo
{
    internal ImageInfo(int width, int height, ImageMetadata metadata)
    {
        Width = width;
        Height = height;
        Metadata = metadata;
    }

    public int Width { get; }

    public int Height { get; }

    public ImageMetadata Metadata { get; }
}
