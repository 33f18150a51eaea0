using System.Buffers.Binary;
using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

public class ImageRejectionTests
{
    private static readonly byte[] Png = ImageEncoder.Png(TestImages.Gradient);
    private static readonly byte[] Jpeg = ImageEncoder.Jpeg(TestImages.Gradient);

    [Fact]
    public void A_file_without_bytes_is_refused() =>
        AssertRejected(ImageRejection.Empty, "Image 'cam/1.png' has no bytes: upload it again.", []);

    [Fact]
    public void A_file_that_is_not_there_is_refused()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "no-such.png");

        ImageRejectedException e = Assert.Throws<ImageRejectedException>(() => ImageDecoder.DecodeFile(path));

        Assert.Equal((ImageRejection.Missing, $"Image '{path}' does not exist: check the path."), (e.Code, e.Message));
    }

    [Fact]
    public void Too_many_bytes_are_refused() =>
        AssertRejected(
            ImageRejection.TooManyBytes,
            $"Image 'cam/1.png' has {Png.Length} bytes, more than the limit of 100: compress it or raise the limit.",
            Png,
            new ImageLimits { MaxBytes = 100 }
        );

    [Fact]
    public void A_file_of_too_many_bytes_is_refused_before_it_is_read()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream sparse = File.OpenWrite(path))
                sparse.SetLength(40_000_000_000); // more than any array holds: reading it would fail in another way

            ImageRejectedException e = Assert.Throws<ImageRejectedException>(() => ImageDecoder.DecodeFile(path));

            Assert.Equal(ImageRejection.TooManyBytes, e.Code);
            Assert.Contains("40000000000 bytes, more than the limit of 67108864", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_format_that_is_not_read_is_refused_with_its_first_bytes() =>
        AssertRejected(
            ImageRejection.UnknownFormat,
            "Image 'cam/1.png' is not JPEG, PNG, BMP, TIFF or WebP: its 10 bytes begin with 4749463839610100. Convert it to one of "
                + "these; the file's name plays no part.",
            [.. "GIF89a"u8, 1, 0, 1, 0]
        );

    [Fact]
    public void Too_many_pixels_are_refused() =>
        AssertRejected(
            ImageRejection.TooManyPixels,
            "Image 'cam/1.png' is 41 x 27 = 1107 pixels, more than the limit of 1000: scale it down or raise the limit.",
            Png,
            new ImageLimits { MaxPixels = 1000 }
        );

    [Fact]
    public void Too_long_a_side_is_refused() =>
        AssertRejected(
            ImageRejection.SideOutOfRange,
            "Image 'cam/1.png' is 41 x 27, but no side may be longer than 40: scale it down or raise the limit.",
            Png,
            new ImageLimits { MaxSide = 40 }
        );

    [Fact]
    public void Too_short_a_side_is_refused() =>
        AssertRejected(
            ImageRejection.SideOutOfRange,
            "Image 'cam/1.png' is 41 x 27, but no side may be shorter than 28: send the image at its full size or lower the limit.",
            Png,
            new ImageLimits { MinSide = 28 }
        );

    [Fact]
    public void A_header_that_promises_sixty_thousand_columns_is_refused_by_the_default_limits()
    {
        byte[] bomb = [.. Png];
        BinaryPrimitives.WriteInt32BigEndian(bomb.AsSpan(16), 60000);
        BinaryPrimitives.WriteInt32BigEndian(bomb.AsSpan(20), 60000);
        TestImages.FixChecksum(bomb, 8);

        AssertRejected(
            ImageRejection.SideOutOfRange,
            "Image 'cam/1.png' is 60000 x 60000, but no side may be longer than 30000: scale it down or raise the limit.",
            bomb
        );
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpeg")]
    [InlineData("bmp")]
    [InlineData("tiff")]
    [InlineData("lzw.tif")]
    [InlineData("webp")]
    public void A_file_cut_off_anywhere_is_refused(string kind)
    {
        byte[] whole = kind switch
        {
            "png" => Png,
            "jpeg" => Jpeg,
            "bmp" => TestImages.Bmp24(TestImages.Gradient),
            "tiff" => TestImages.Tiff(41, 27, 8, 3, TestImages.Gradient.Pixels),
            "lzw.tif" => TestImages.Sample(kind),
            _ => TestImages.Sample("lossy.webp"),
        };
        int pad = kind switch
        {
            "lzw.tif" => 16, // the resolution at the very end of this file is no part of the picture
            "jpeg" => 3, // nor is the end marker
            _ => 1,
        };

        for (int length = 1; length <= whole.Length - pad; length += length < 64 ? 1 : 37)
            Assert.Throws<ImageRejectedException>(() => ImageDecoder.Decode(whole.AsMemory(0, length), kind));
    }

    [Fact]
    public void A_wrong_checksum_of_the_pixels_is_refused()
    {
        byte[] damaged = [.. Png];
        damaged[^17] ^= 1; // the last byte of the checksum before the end chunk

        ImageRejectedException e = Assert.Throws<ImageRejectedException>(() => ImageDecoder.Decode(damaged, "cam/1.png"));

        Assert.Equal(ImageRejection.Damaged, e.Code);
        Assert.StartsWith("Image 'cam/1.png' is damaged, or of a kind of Png that is not read (", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("): check it in a viewer and upload it again, or save it as PNG.", e.Message, StringComparison.Ordinal);
    }

    private static void AssertRejected(ImageRejection code, string message, byte[] file, ImageLimits? limits = null)
    {
        ImageRejectedException e = Assert.Throws<ImageRejectedException>(() =>
            ImageDecoder.Decode(file, "cam/1.png", new DecodeOptions { Limits = limits ?? new ImageLimits() })
        );

        Assert.Equal((code, message), (e.Code, e.Message));
    }
}
