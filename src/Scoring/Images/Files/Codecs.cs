using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Images.Files;

/// <summary>
/// How ImageSharp is used: only five formats; each decoder is called directly, so ImageSharp never detects the format from the content; no
/// metadata (orientation is read by <see cref="ImageStructure"/>); and memory is limited.
/// </summary>
internal static class Codecs
{
    /// <summary>Used for all decoding and encoding.</summary>
    public static Configuration Configuration { get; } =
        new(
            new JpegConfigurationModule(),
            new PngConfigurationModule(),
            new BmpConfigurationModule(),
            new TiffConfigurationModule(),
            new WebpConfigurationModule()
        )
        {
            // limit for one buffer
            MemoryAllocator = MemoryAllocator.Create(new MemoryAllocatorOptions { AllocationLimitMegabytes = 2048 }),
        };

    private static readonly Dictionary<ImageFileFormat, IImageDecoder> Decoders = new()
    {
        [ImageFileFormat.Jpeg] = new JpegDecoder { IgnoreMetadata = true },
        [ImageFileFormat.Png] = new PngDecoder { IgnoreMetadata = true },
        [ImageFileFormat.Bmp] = new BmpDecoder(),
        [ImageFileFormat.Tiff] = new TiffDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First },
        [ImageFileFormat.WebP] = new WebpDecoder { IgnoreMetadata = true },
    };

    /// <summary>Decodes a stream of the given format.</summary>
    public static Image<TPixel> Decode<TPixel>(ImageFileFormat format, Stream content)
        where TPixel : unmanaged, IPixel<TPixel> => Decoders[format].Decode<TPixel>(Configuration, content, CancellationToken.None);
}
