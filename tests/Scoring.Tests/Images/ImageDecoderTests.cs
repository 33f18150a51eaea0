using AaClip.Scoring.Images;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Images;

public class ImageDecoderTests
{
    private static readonly DecodeOptions AsPublished = new() { Parity = true };

    [Theory]
    [InlineData("01-rgb-37x211")]
    [InlineData("03-grey-160x97")]
    [InlineData("04-rgba-75x120")]
    [InlineData("05-grey16-90x64")]
    [InlineData("07-palette-61x50")]
    [InlineData("08-grey-518x40")]
    public void In_parity_a_png_decodes_to_the_bytes_of_the_published_code(string name)
    {
        RgbImage expected = ImageDecoder.DecodeFile(Parity.File($"resize/decoded-{name}.png")).Image;

        RgbImage actual = ImageDecoder.DecodeFile(Parity.File($"resize/{name}.png"), AsPublished).Image;

        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        Assert.Equal(expected.Pixels, actual.Pixels);
    }

    // Decoders may differ in the last bit of the inverse transform; 0.5 in the mean and 4 at most are the fixtures' own limits.
    [Fact]
    public void In_parity_a_jpeg_decodes_within_a_level_of_the_published_code()
    {
        (byte[] expected, byte[] actual) = Jpegs("06-exif6-140x88");

        int[] differences = [.. expected.Zip(actual, (a, b) => Math.Abs(a - b))];
        Assert.InRange(differences.Max(), 0, 4);
        Assert.InRange(differences.Average(), 0, 0.5);
    }

    // ImageSharp repeats halved chroma samples where libjpeg interpolates: 8 levels in the mean on this image, which is noise.
    [Fact]
    public void In_parity_a_jpeg_with_halved_chroma_has_the_brightness_of_the_published_code()
    {
        (byte[] expected, byte[] actual) = Jpegs("02-rgb-1024x333");

        double[] differences = [.. expected.Chunk(3).Zip(actual.Chunk(3), (a, b) => Math.Abs(Brightness(a) - Brightness(b)))];
        Assert.InRange(differences.Max(), 0, 4);
        Assert.InRange(differences.Average(), 0, 0.5);
        double Brightness(byte[] p) => (0.299 * p[0]) + (0.587 * p[1]) + (0.114 * p[2]);
    }

    [Theory]
    [InlineData("lossless.webp", ImageFileFormat.WebP)]
    [InlineData("lzw.tif", ImageFileFormat.Tiff)]
    [InlineData("deflate.tif", ImageFileFormat.Tiff)]
    public void A_lossless_sample_decodes_to_the_picture_it_was_made_of(string name, ImageFileFormat format)
    {
        DecodedImage decoded = ImageDecoder.Decode(TestImages.Sample(name), name);

        Assert.Equal(format, decoded.Format);
        Assert.Equal((41, 27), (decoded.StoredWidth, decoded.StoredHeight));
        Assert.Equal(TestImages.Gradient.Pixels, decoded.Image.Pixels);
    }

    [Theory]
    [InlineData("lossy.webp", 10)]
    [InlineData("progressive.jpg", 6)]
    [InlineData("progressive-restart.jpg", 4)] // ImageSharp 2.1 counts restart intervals on from one scan to the next
    [InlineData("scans-restart.jpg", 4)]
    [InlineData("spectral.jpg", 12)]
    [InlineData("cmyk.jpg", 6)]
    [InlineData("ycck.jpg", 6)]
    public void A_lossy_sample_decodes_close_to_the_picture_it_was_made_of(string name, int limit)
    {
        byte[] actual = ImageDecoder.Decode(TestImages.Sample(name), name).Image.Pixels;

        Assert.InRange(TestImages.Gradient.Pixels.Zip(actual, (a, b) => Math.Abs(a - b)).Max(), 0, limit);
    }

    [Fact]
    public void A_map_is_read_as_it_was_written()
    {
        ushort[] values = [0, 1, 255, 256, 40000, 65535];

        Assert.Equal(values, ImageDecoder.Grey16(ImageEncoder.Png16(3, 2, values), "c/a.png", 3, 2));
    }

    [Fact]
    public void A_map_of_another_size_or_none_is_refused()
    {
        InvalidDataException size = Assert.Throws<InvalidDataException>(() =>
            ImageDecoder.Grey16(ImageEncoder.Png16(3, 2, new ushort[6]), "c/a.png", 2, 3)
        );
        InvalidDataException none = Assert.Throws<InvalidDataException>(() => ImageDecoder.Grey16([1, 2, 3], "c/a.png", 2, 3));

        Assert.Equal("Map 'c/a.png' is 3 x 2, expected 2 x 3: it was changed; score the image again.", size.Message);
        Assert.StartsWith("Map 'c/a.png' cannot be read: ", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_grey_jpeg_has_three_equal_channels()
    {
        byte[] pixels = ImageDecoder.Decode(TestImages.Sample("grey.jpg"), "grey.jpg").Image.Pixels;

        Assert.All(pixels.Chunk(3), p => Assert.True(p[0] == p[1] && p[1] == p[2]));
        Assert.InRange(pixels[0], 53, 57); // 0.299 * 40 + 0.587 * 30 + 0.114 * 220 = 54.7
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sixteen_bit_colour_is_rounded_by_default_and_cut_to_its_high_byte_in_parity(bool parity)
    {
        byte[] actual = ImageDecoder
            .Decode(TestImages.Sample("rgb16.png"), "rgb16.png", new DecodeOptions { Parity = parity })
            .Image.Pixels;

        RgbImage expected = TestImages.Make(41, 27, (x, y) => (To8(x * 1598), To8(y * 2427), To8(65535 - (x * 700) - (y * 900))));
        Assert.Equal(expected.Pixels, actual);
        int To8(int v) => parity ? v >> 8 : (int)Math.Round(v * 255.0 / 65535.0, MidpointRounding.AwayFromZero);
    }

    [Fact]
    public void Sixteen_bit_grey_with_alpha_keeps_its_high_byte_in_parity_and_is_not_clipped()
    {
        byte[] file = TestImages.Sample("greyalpha16.png");

        byte[] rounded = ImageDecoder.Decode(file, "greyalpha16.png").Image.Pixels;
        byte[] high = ImageDecoder.Decode(file, "greyalpha16.png", AsPublished).Image.Pixels;

        Assert.InRange(high.Max(), 200, 254);
        Assert.All(rounded.Zip(high), p => Assert.InRange(p.First - p.Second, -1, 1));
    }

    [Fact]
    public void Every_sixteen_bit_grey_value_is_rounded_by_default_and_clipped_in_parity()
    {
        byte[] file = ImageEncoder.Png16(256, 256, [.. Enumerable.Range(0, 65536).Select(v => (ushort)v)]);

        byte[] rounded = ImageDecoder.Decode(file, "ramp.png").Image.Pixels;
        byte[] clipped = ImageDecoder.Decode(file, "ramp.png", AsPublished).Image.Pixels;

        Assert.Equal(Enumerable.Range(0, 65536).SelectMany(v => Enumerable.Repeat((byte)Math.Round(v * 255.0 / 65535.0), 3)), rounded);
        Assert.Equal(Enumerable.Range(0, 65536).SelectMany(v => Enumerable.Repeat((byte)Math.Min(v, 255), 3)), clipped);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sixteen_bit_grey_tiff_of_either_byte_order_is_rounded_by_default_and_clipped_in_parity(bool little)
    {
        byte[] file = TestImages.Tiff(3, 1, 16, 1, little ? [7, 0, 0, 1, 255, 255] : [0, 7, 1, 0, 255, 255], little: little);

        Assert.Equal([0, 0, 0, 1, 1, 1, 255, 255, 255], ImageDecoder.Decode(file, "deep.tif").Image.Pixels);
        Assert.Equal([7, 7, 7, 255, 255, 255, 255, 255, 255], ImageDecoder.Decode(file, "deep.tif", AsPublished).Image.Pixels);
    }

    [Fact]
    public void A_name_that_lies_about_the_format_changes_nothing()
    {
        byte[] png = ImageEncoder.Png(TestImages.Gradient);

        DecodedImage decoded = ImageDecoder.Decode(png, "part.jpg");

        Assert.Equal(ImageFileFormat.Png, decoded.Format);
        Assert.Equal(TestImages.Gradient.Pixels, decoded.Image.Pixels);
    }

    [Fact]
    public void A_file_on_disk_decodes_as_its_bytes_do()
    {
        string path = Path.Combine(Parity.RepositoryRoot, "tests", "Scoring.Tests", "Images", "samples", "lossless.webp");

        RgbImage image = ImageDecoder.DecodeFile(path).Image;

        Assert.Equal(TestImages.Gradient.Pixels, image.Pixels);
    }

    [Fact]
    public void Many_threads_decode_at_once_without_mixing_images_or_errors()
    {
        byte[] good = ImageEncoder.Jpeg(TestImages.Gradient, 95);
        byte[] expected = ImageDecoder.Decode(good, "good").Image.Pixels;
        byte[] broken = ImageEncoder.Png(TestImages.Gradient);
        broken[60] ^= 0xFF;

        Parallel.For(
            0,
            400,
            i =>
            {
                if (i % 3 == 0)
                    Assert.Equal(
                        ImageRejection.Damaged,
                        Assert.Throws<ImageRejectedException>(() => ImageDecoder.Decode(broken, "broken")).Code
                    );
                else
                    Assert.Equal(expected, ImageDecoder.Decode(good, "good").Image.Pixels);
            }
        );
    }

    private static (byte[] Expected, byte[] Actual) Jpegs(string name)
    {
        RgbImage expected = ImageDecoder.DecodeFile(Parity.File($"resize/decoded-{name}.png")).Image;
        RgbImage actual = ImageDecoder.DecodeFile(Parity.File($"resize/{name}.jpg"), AsPublished).Image;
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        return (expected.Pixels, actual.Pixels);
    }
}
