using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

public class ImageEncoderTests
{
    [Fact]
    public void A_png_gives_back_every_byte()
    {
        byte[] file = ImageEncoder.Png(TestImages.Gradient);

        DecodedImage decoded = ImageDecoder.Decode(file, "round.png");

        Assert.Equal(ImageFileFormat.Png, decoded.Format);
        Assert.Equal(TestImages.Gradient.Pixels, decoded.Image.Pixels);
    }

    [Fact]
    public void A_16_bit_png_says_so_in_its_header()
    {
        byte[] file = ImageEncoder.Png16(3, 2, [0, 1, 255, 256, 40000, 65535]);

        Assert.Equal((16, 0), (file[24], file[25])); // bit depth, colour type grey
        // 40000 / 257 = 155.6
        Assert.Equal([0, 0, 1, 1, 156, 255], ImageDecoder.Decode(file, "map.png").Image.Pixels.Chunk(3).Select(p => (int)p[0]));
    }

    [Fact]
    public void An_8_bit_grey_png_comes_back_exactly()
    {
        byte[] file = ImageEncoder.Png8(3, 2, [0, 1, 2, 100, 254, 255]);

        Assert.Equal((8, 0), (file[24], file[25])); // bit depth, colour type grey
        Assert.Equal([0, 1, 2, 100, 254, 255], ImageDecoder.Decode(file, "mask.png").Image.Pixels.Chunk(3).Select(p => p[0]));
    }

    [Fact]
    public void A_jpeg_comes_back_close_and_a_higher_quality_closer_and_larger()
    {
        byte[] low = ImageEncoder.Jpeg(TestImages.Gradient, 30);
        byte[] high = ImageEncoder.Jpeg(TestImages.Gradient, 95);

        Assert.InRange(Distance(high), 0, 3); // halved chroma costs up to 2 levels on this picture
        Assert.True(Distance(high) < Distance(low));
        Assert.True(high.Length > low.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public void A_quality_outside_of_1_to_100_is_refused(int quality)
    {
        ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(() => ImageEncoder.Jpeg(TestImages.Gradient, quality));

        Assert.Equal(nameof(quality), e.ParamName);
    }

    [Fact]
    public void A_grey_image_of_the_wrong_length_is_refused()
    {
        ArgumentException e = Assert.Throws<ArgumentException>("grey", () => ImageEncoder.Png16(3, 2, new ushort[5]));

        Assert.Contains("3 x 2 has 6 values, but 5 are given", e.Message, StringComparison.Ordinal);
    }

    private static double Distance(byte[] file) =>
        ImageDecoder.Decode(file, "round.jpg").Image.Pixels.Zip(TestImages.Gradient.Pixels, (a, b) => Math.Abs(a - b)).Average();
}
