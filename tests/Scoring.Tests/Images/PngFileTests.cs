using AaClip.Scoring.Images;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Scoring.Tests.Images;

public class PngFileTests
{
    [Theory]
    [InlineData(5, 1)]
    [InlineData(6, 2)]
    [InlineData(8, 9)]
    [InlineData(41, 27)]
    [InlineData(300, 200)]
    public void An_interlaced_png_decodes_exactly(int width, int height)
    {
        RgbImage picture = TestImages.Make(width, height, (x, y) => (x * 5, y * 7, x ^ y));

        Assert.Equal(picture.Pixels, ImageDecoder.Decode(Interlaced(picture), "interlaced.png").Image.Pixels);
    }

    // ImageSharp 2.1 would wait for the rest for ever, on this file of 68 bytes.
    [Theory]
    [InlineData(20)]
    [InlineData(797)]
    public void An_interlaced_png_without_all_its_rows_is_refused(int bytes)
    {
        byte[] file = TestImages.Png(16, 16, 8, 2, true, Data(new byte[bytes]));

        // 798 = 16 * 16 * 3 samples, and a filter for each of 30 rows of the passes
        Refusal.Damaged(ImageFileFormat.Png, $"its picture data unpack to {bytes} bytes of 798", file);
    }

    [Fact]
    public void An_interlaced_png_of_so_few_columns_that_a_pass_is_empty_is_refused_by_name()
    {
        byte[] file = TestImages.Png(4, 1, 8, 0, true, Data([0, 1, 0, 3, 0, 2, 4]));

        Refusal.NotRead("an interlaced PNG of less than 5 columns", file, "save it without interlacing");
    }

    [Fact]
    public void An_interlaced_png_with_a_short_palette_decodes_its_colours()
    {
        byte[] passes = [0, 1, 0, 0, 0, 2, 0, 0, 2]; // pixels 0; 4; 2; 1 and 3: each row with its filter in front
        byte[] palette = TestImages.PngChunk("PLTE"u8, [1, 2, 3, 40, 50, 60, 70, 80, 90]);
        byte[] file = TestImages.Png(5, 1, 8, 3, true, palette, Data(passes));

        Assert.Equal([40, 50, 60, 1, 2, 3, 70, 80, 90, 70, 80, 90, 1, 2, 3], ImageDecoder.Decode(file, "palette.png").Image.Pixels);
    }

    [Fact]
    public void Empty_data_chunks_are_passed_over()
    {
        (byte[] first, byte[] second) = Halves([0, 1, 0, 5, 0, 3, 0, 2, 4]); // one row with its filter, or passes: pixels 0; 4; 2; 1 and 3
        byte[] empty = TestImages.PngChunk("IDAT"u8, []);
        foreach (bool interlaced in (bool[])[false, true])
        {
            byte[] file = TestImages.Png(interlaced ? 5 : 8, 1, 8, 0, interlaced, empty, first, empty, second, empty);

            byte[] expected = interlaced ? [1, 2, 3, 4, 5] : [1, 0, 5, 0, 3, 0, 2, 4];
            Assert.Equal(expected.SelectMany(v => Enumerable.Repeat(v, 3)), ImageDecoder.Decode(file, "empty.png").Image.Pixels);
        }
    }

    [Fact]
    public void Data_on_both_sides_of_another_chunk_are_refused()
    {
        (byte[] first, byte[] second) = Halves([0, 9, 8, 7]);
        byte[] file = TestImages.Png(1, 1, 8, 2, false, first, TestImages.PngChunk("tEXt"u8, "a\0b"u8), second);

        Refusal.Damaged(ImageFileFormat.Png, "its picture data go on at byte 65, behind another chunk", file);
    }

    // 100 MB in 100 kB: a decoder that reads metadata unpacks them.
    [Fact]
    public void Metadata_are_not_unpacked()
    {
        byte[] text = [.. "Comment\0\0"u8, .. TestImages.Zlib(new byte[100_000_000])];
        byte[][] chunks = [TestImages.PngChunk("zTXt"u8, text), TestImages.PngChunk("iCCP"u8, text), Data([0, 9, 8, 7])];
        byte[] file = TestImages.Png(1, 1, 8, 2, false, chunks);
        long before = GC.GetAllocatedBytesForCurrentThread();

        byte[] pixels = ImageDecoder.Decode(file, "text.png").Image.Pixels;

        Assert.Equal([9, 8, 7], pixels);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    public void The_orientation_in_an_exif_chunk_is_applied(int orientation)
    {
        byte[] exif = [.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
        byte[] file = TestImages.Png(2, 1, 8, 0, false, Data([0, 10, 20]), TestImages.PngChunk("eXIf"u8, exif));

        DecodedImage decoded = ImageDecoder.Decode(file, "turned.png");

        Assert.Equal(orientation, decoded.Orientation);
        Assert.Equal(orientation == 3 ? [20, 20, 20, 10, 10, 10] : [10, 10, 10, 20, 20, 20], decoded.Image.Pixels);
        Assert.Equal(orientation == 3 ? 2 : 1, decoded.Image.Width);
    }

    private static byte[] Interlaced(RgbImage picture)
    {
        using Image<Rgb24> image = Image.LoadPixelData<Rgb24>(picture.Pixels, picture.Width, picture.Height);
        using MemoryStream file = new();
        image.SaveAsPng(file, new PngEncoder { InterlaceMethod = PngInterlaceMode.Adam7, ColorType = PngColorType.Rgb });
        return file.ToArray();
    }

    private static byte[] Data(byte[] content) => TestImages.PngChunk("IDAT"u8, TestImages.Zlib(content));

    private static (byte[] First, byte[] Second) Halves(byte[] content)
    {
        byte[] data = TestImages.Zlib(content);
        return (TestImages.PngChunk("IDAT"u8, data.AsSpan(0, 5)), TestImages.PngChunk("IDAT"u8, data.AsSpan(5)));
    }
}
