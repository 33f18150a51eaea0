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
/// How ImageSharp is used: five formats and no others, each through a decoder that is called by name, so that no content is ever
/// looked at to find out its format; without metadata (orientation is read by <see cref="ImageStructure"/>); and with a bound on memory.
/// </summary>
internal static class Codecs
{
    /// <summary>For everything that reads or writes an image.</summary>
    public static Configuration Configuration { get; } =
        new(
            new JpegConfigurationModule(),
            new PngConfigurationModule(),
            new BmpConfigurationModule(),
            new TiffConfigurationModule(),
            new WebpConfigurationModule()
        )
        {
            MemoryAllocator = MemoryAllocator.Create(new MemoryAllocatorOptions { AllocationLimitMegabytes = 2048 }), // the largest array
        };

    private static readonly Dictionary<ImageFileFormat, IImageDecoder> Decoders = new()
    {
        [ImageFileFormat.Jpeg] = new JpegDecoder { IgnoreMetadata = true },
        [ImageFileFormat.Png] = new PngDecoder { IgnoreMetadata = true },
        [ImageFileFormat.Bmp] = new BmpDecoder(),
        [ImageFileFormat.Tiff] = new TiffDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First },
        [ImageFileFormat.WebP] = new WebpDecoder { IgnoreMetadata = true },
    };

    /// <summary>Decodes a stream that is of this format.</summary>
    public static Image<TPixel> Decode<TPixel>(ImageFileFormat format, Stream content)
        where TPixel : unmanaged, IPixel<TPixel> => Decoders[format].Decode<TPixel>(Configuration, content, CancellationToken.None);
}
