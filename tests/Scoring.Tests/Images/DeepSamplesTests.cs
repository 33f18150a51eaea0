using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

/// <summary>Cameras of 10 and 12 bits, whose samples stand in 16.</summary>
public class DeepSamplesTests
{
    private const int Side = 16;

    // Levels 0 to 255
    private static readonly ushort[] Twelve = [.. Enumerable.Range(0, Side * Side).Select(i => (ushort)(i * 4095 / 255))];

    private static byte[] Expected => [.. Enumerable.Range(0, Side * Side).SelectMany(i => Enumerable.Repeat((byte)i, 3))];

    [Fact]
    public void A_png_that_says_twelve_bits_is_the_picture_of_eight() => Assert.Equal(Expected, Pixels(Png(Twelve, usedBits: 12)));

    [Fact]
    public void A_tiff_that_says_4095_at_most_is_the_picture_of_eight() => Assert.Equal(Expected, Pixels(Tiff(Twelve, most: 4095)));

    [Fact]
    public void Eight_bits_that_a_camera_shifted_up_come_back_exactly() =>
        Assert.Equal(Expected, Pixels(Png([.. Enumerable.Range(0, Side * Side).Select(i => (ushort)(i << 4))], usedBits: 12)));

    [Fact]
    public void Samples_that_are_scaled_already_stay_so_whatever_is_said_of_their_bits()
    {
        ushort[] scaled = [.. Enumerable.Range(0, Side * Side).Select(i => (ushort)(i * 257))];

        Assert.Equal(Expected, Pixels(Png(scaled, usedBits: 12)));
        Assert.Equal(Expected, Pixels(Tiff(scaled, most: 4095)));
        Assert.Equal(Expected, Pixels(Png(scaled, usedBits: null)));
    }

    [Fact]
    public void A_maximum_that_is_only_the_pictures_own_does_not_brighten_it()
    {
        ushort[] dim = [.. Enumerable.Range(0, Side * Side).Select(i => (ushort)(i * 80))];

        Assert.Equal(Pixels(Png(dim, usedBits: null)), Pixels(Tiff(dim, most: 255 * 80)));
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(1023)]
    [InlineData(65)]
    public void Without_a_word_on_the_bits_a_picture_of_ten_or_twelve_is_refused_and_not_scored_as_black(int largest)
    {
        ushort[] samples = [.. Twelve.Select(v => (ushort)(v * largest / 4095))];

        foreach (byte[] file in (byte[][])[Png(samples, null), Tiff(samples, most: null), Tiff(samples, most: (uint)largest - 1)])
        {
            ImageRejectedException refused = Assert.Throws<ImageRejectedException>(() => Pixels(file));
            Assert.Equal(ImageRejection.Unscaled, refused.Code);
            Assert.StartsWith(
                $"Image 'cam/1' has samples of 16 bits, but none above {largest},",
                refused.Message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void A_dark_frame_is_a_dark_picture() =>
        Assert.All(Pixels(Png([.. Twelve.Select(v => (ushort)(v / 64))], null)), value => Assert.Equal(0, value));

    [Fact]
    public void In_parity_they_are_clipped_as_published() =>
        Assert.Equal(
            [.. Twelve.SelectMany(v => Enumerable.Repeat((byte)Math.Min((int)v, 255), 3))],
            ImageDecoder.Decode(Png(Twelve, 12), "cam/1", new DecodeOptions { Parity = true }).Image.Pixels
        );

    private static byte[] Pixels(byte[] file) => ImageDecoder.Decode(file, "cam/1").Image.Pixels;

    private static byte[] Png(ushort[] samples, byte? usedBits)
    {
        byte[] plain = ImageEncoder.Png16(Side, Side, samples);
        // Behind the header
        return usedBits is null ? plain : [.. plain[..33], .. TestImages.PngChunk("sBIT"u8, [usedBits.Value]), .. plain[33..]];
    }

    private static byte[] Tiff(ushort[] samples, uint? most)
    {
        byte[] data = [.. samples.SelectMany(BitConverter.GetBytes)];
        List<(int, int, uint[])> fields = TestImages.TiffFields(Side, Side, 16, 1, data.Length);
        return TestImages.Tiff(data, most is null ? fields : [.. fields, (281, 3, [most.Value])]);
    }
}
