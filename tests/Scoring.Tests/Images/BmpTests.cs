using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

public class BmpTests
{
    private static readonly (byte R, byte G, byte B)[] Palette = [(0, 0, 0), (255, 10, 20), (30, 255, 40), (50, 60, 255)];

    [Fact]
    public void A_24_bit_bitmap_decodes_exactly()
    {
        byte[] file = TestImages.Bmp24(TestImages.Gradient);

        DecodedImage decoded = ImageDecoder.Decode(file, "part.bmp");

        Assert.Equal(ImageFileFormat.Bmp, decoded.Format);
        Assert.Equal(TestImages.Gradient.Pixels, decoded.Image.Pixels);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rows_may_run_down_or_up(bool topDown)
    {
        byte[] file = TestImages.Bmp(
            2,
            2,
            24,
            [
                [3, 2, 1, 6, 5, 4],
                [9, 8, 7, 12, 11, 10],
            ],
            topDown: topDown
        );

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], ImageDecoder.Decode(file, "rows.bmp").Image.Pixels);
    }

    [Theory]
    [InlineData(1, new byte[] { 0b01010000 }, new[] { 0, 1, 0, 1 })]
    [InlineData(4, new byte[] { 0x01, 0x23 }, new[] { 0, 1, 2, 3 })]
    [InlineData(8, new byte[] { 3, 2, 1, 0 }, new[] { 3, 2, 1, 0 })]
    public void A_palette_of_1_4_or_8_bits_is_expanded(int bits, byte[] row, int[] indices)
    {
        byte[] file = TestImages.Bmp(4, 1, bits, [row], bits == 1 ? Palette[..2] : Palette);

        AssertColors(indices, file);
    }

    [Fact]
    public void Five_bits_of_a_16_bit_bitmap_are_scaled_to_eight()
    {
        byte[] file = TestImages.Bmp(
            2,
            1,
            16,
            [
                [0xFF, 0x7F, 0x10, 0x00],
            ]
        ); // 0x7FFF white; 0x0010 blue 16 of 31

        Assert.Equal([255, 255, 255, 0, 0, 132], ImageDecoder.Decode(file, "16.bmp").Image.Pixels); // 16 * 255 / 31 = 131.6
    }

    [Fact]
    public void Colour_masks_say_where_the_channels_are()
    {
        byte[] file = TestImages.Bmp(
            1,
            1,
            32,
            [
                [0x11, 0x22, 0x33, 0x44],
            ],
            masks: [0xFF, 0xFF00, 0xFF0000]
        );

        Assert.Equal([0x11, 0x22, 0x33], ImageDecoder.Decode(file, "masks.bmp").Image.Pixels);
    }

    [Fact]
    public void The_fourth_byte_of_32_bits_is_dropped()
    {
        byte[] file = TestImages.Bmp(
            1,
            1,
            32,
            [
                [0x11, 0x22, 0x33, 0x00],
            ]
        );

        Assert.Equal([0x33, 0x22, 0x11], ImageDecoder.Decode(file, "32.bmp").Image.Pixels);
    }

    [Fact]
    public void Packed_rows_of_8_bits_are_unpacked()
    {
        // bottom row: three times colour 2, then colour 1; top row: four colours as they are
        byte[] file = TestImages.Bmp(
            4,
            2,
            8,
            [
                [3, 2, 1, 1, 0, 0, 0, 4, 0, 1, 2, 3, 0, 1],
            ],
            Palette,
            compression: 1
        );

        AssertColors([0, 1, 2, 3, 2, 2, 2, 1], file);
    }

    [Fact]
    public void Packed_rows_of_4_bits_are_unpacked()
    {
        byte[] file = TestImages.Bmp(
            4,
            1,
            4,
            [
                [4, 0x12, 0, 1],
            ],
            Palette,
            compression: 2
        );

        AssertColors([1, 2, 1, 2], file);
    }

    [Fact]
    public void Packed_rows_that_stop_early_are_refused()
    {
        byte[] file = TestImages.Bmp(
            4,
            2,
            8,
            [
                [3, 2, 1, 1],
            ],
            Palette,
            compression: 1
        );

        Assert.Equal(ImageRejection.Damaged, Assert.Throws<ImageRejectedException>(() => ImageDecoder.Decode(file, "short.bmp")).Code);
    }

    private static void AssertColors(int[] indices, byte[] file) =>
        Assert.Equal(
            indices.SelectMany(i => (byte[])[Palette[i].R, Palette[i].G, Palette[i].B]),
            ImageDecoder.Decode(file, "palette.bmp").Image.Pixels
        );
}
