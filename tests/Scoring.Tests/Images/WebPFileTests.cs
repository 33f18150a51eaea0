using System.Buffers.Binary;
using AaClip.Scoring.Images;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Tests.Images;

public class WebPFileTests
{
    public static TheoryData<string> Pictures => ["gradient", "noise", "two colours", "sixteen colours", "mixed"];

    [Theory]
    [MemberData(nameof(Pictures))]
    public void A_lossless_webp_decodes_exactly(string kind)
    {
        Random random = new(7);
        RgbImage picture = TestImages.Make(
            317,
            211,
            (x, y) =>
                kind switch
                {
                    "gradient" => (x & 255, y & 255, (x + y) & 255),
                    "noise" => (random.Next(256), random.Next(256), random.Next(256)),
                    "two colours" => ((x / 9) + (y / 9)) % 2 == 0 ? (200, 30, 40) : (20, 130, 240),
                    "sixteen colours" => (((x * y) & 15) * 17, 90, 255 - (((x * y) & 15) * 3)),
                    _ => x < 150 ? (random.Next(20), y & 255, 7) : (x & 255, random.Next(90), random.Next(256)),
                }
        );
        using Image<Rgb24> image = Image.LoadPixelData<Rgb24>(picture.Pixels, picture.Width, picture.Height);
        using MemoryStream file = new();
        image.SaveAsWebp(file, new WebpEncoder { FileFormat = WebpFileFormatType.Lossless });

        Assert.Equal(picture.Pixels, ImageDecoder.Decode(file.ToArray(), "lossless.webp").Image.Pixels);
    }

    [Fact]
    public void An_animated_webp_is_refused_by_name() =>
        Refusal.NotRead("an animated WebP", TestImages.Sample("animated.webp"), "save one frame of it as WebP or PNG");

    // 16 x 16 pixels in 160 kB, for which ImageSharp 2.1 would take 1.5 GB.
    [Fact]
    public void More_groups_of_prefix_codes_than_any_picture_needs_are_refused_and_as_many_as_are_allowed_are_read()
    {
        Refusal.NotRead("a WebP with 65536 groups of prefix codes, more than 4096", Groups(65536));
        Refusal.NotRead("a WebP with 4097 groups of prefix codes, more than 4096", Groups(4097));
        Assert.Equal(new byte[16 * 16 * 3], ImageDecoder.Decode(Groups(4096), "black.webp").Image.Pixels);
    }

    [Fact]
    public void The_size_that_counts_is_that_of_the_picture_and_not_of_the_canvas_around_it()
    {
        byte[] file = Extended(canvas: 10, Groups(1)[12..]);

        DecodedImage decoded = ImageDecoder.Decode(file, "extended.webp");

        Assert.Equal((16, 16), (decoded.StoredWidth, decoded.StoredHeight));
        DecodeOptions small = new() { Limits = new ImageLimits { MaxPixels = 200 } };
        ImageRejectedException e = Assert.Throws<ImageRejectedException>(() => ImageDecoder.Decode(file, "extended.webp", small));
        Assert.Equal(ImageRejection.TooManyPixels, e.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_orientation_in_an_exif_chunk_is_applied(bool withIntroduction)
    {
        byte[] exif = [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0];
        byte[] file = Extended(canvas: 16, [.. Groups(1)[12..], .. Chunk("EXIF"u8, withIntroduction ? [.. "Exif\0\0"u8, .. exif] : exif)]);

        Assert.Equal(8, ImageDecoder.Decode(file, "turned.webp").Orientation);
    }

    /// <summary>A black picture of 16 x 16 with so many groups of prefix codes, each of one symbol (RFC 9649, section 3.8).</summary>
    private static byte[] Groups(int count)
    {
        List<bool> bits = [];
        Put(0x2F, 8);
        Put(15, 14);
        Put(15, 14);
        Put(0, 4 + 1 + 1); // alpha and version, no transform, no colour cache
        Put(1, 1); // groups are chosen by an image, of which one pixel stands for 512 x 512
        Put(7, 3);
        Put(0, 1);
        foreach (int symbol in (int[])[(count - 1) & 255, (count - 1) >> 8, 0, 0, 0])
        {
            Put(0b101, 3); // a code of one symbol of 8 bits
            Put(symbol, 8);
        }

        for (int i = 0; i < 5 * count; i++)
            Put(0b0001, 4); // a code of one symbol of one bit, 0
        byte[] content = new byte[(bits.Count + 15) / 16 * 2];
        for (int i = 0; i < bits.Count; i++)
            content[i / 8] |= (byte)(bits[i] ? 1 << (i % 8) : 0);
        return Riff(Chunk("VP8L"u8, content));

        void Put(int value, int length)
        {
            for (int i = 0; i < length; i++)
                bits.Add((value >> i & 1) != 0);
        }
    }

    private static byte[] Extended(int canvas, byte[] chunks)
    {
        byte side = (byte)(canvas - 1);
        return Riff([.. Chunk("VP8X"u8, [0b1000, 0, 0, 0, side, 0, 0, side, 0, 0]), .. chunks]);
    }

    private static byte[] Riff(byte[] chunks) => [.. Chunk("RIFF"u8, [.. "WEBP"u8, .. chunks])];

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] content)
    {
        byte[] chunk = [.. type, 0, 0, 0, 0, .. content, .. new byte[content.Length & 1]];
        BinaryPrimitives.WriteInt32LittleEndian(chunk.AsSpan(4), content.Length);
        return chunk;
    }
}
