using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

public class JpegFileTests
{
    private static readonly RgbImage Picture = TestImages.Make(203, 149, (x, y) => ((x * y) & 255, (x + y) & 255, (x ^ y) & 255));

    public static TheoryData<string> Kinds =>
        ["halved chroma", "grey.jpg", "cmyk.jpg", "progressive.jpg", "progressive-restart.jpg", "scans-restart.jpg", "spectral.jpg"];

    // What is lost with the last two bytes is the end marker alone.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_jpeg_that_was_cut_off_and_closed_again_is_refused_wherever_it_was_cut(string kind)
    {
        byte[] whole = File(kind);

        for (int length = 2; length < whole.Length - 2; length += whole.Length - length < 300 ? 1 : 41)
        {
            byte[] closed = [.. whole.AsSpan(0, length), 0xFF, 0xD9];

            ImageRejectedException e = Assert.Throws<ImageRejectedException>(() => ImageDecoder.Decode(closed, "cam/1.jpg"));

            Assert.Equal(ImageRejection.Damaged, e.Code);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_jpeg_without_its_end_marker_decodes_as_with_it(string kind)
    {
        byte[] whole = File(kind);

        byte[] expected = ImageDecoder.Decode(whole, "whole.jpg").Image.Pixels;

        Assert.Equal(expected, ImageDecoder.Decode(whole.AsMemory(0, whole.Length - 2), "open.jpg").Image.Pixels);
        Assert.Equal(expected, ImageDecoder.Decode(whole.AsMemory(0, whole.Length - 1), "half-open.jpg").Image.Pixels);
    }

    [Fact]
    public void A_refusal_says_how_much_of_the_picture_is_there()
    {
        byte[] cut = File("halved chroma")[..^21];

        // 130 = 13 * 10 units of 16 x 16 pixels
        Refusal.Damaged(ImageFileFormat.Jpeg, "its picture data end after 129 of 130 units of a scan", cut);
    }

    [Theory]
    [InlineData("progressive.jpg", "scans of component 1 are missing at its end")]
    [InlineData("spectral.jpg", "scans of component 3 are missing at its end")]
    [InlineData("scans-restart.jpg", "scans of component 3 are missing at its end")]
    public void A_jpeg_whose_last_scan_is_missing_is_refused(string name, string trouble)
    {
        byte[] file = TestImages.Sample(name);
        byte[] shorter = [.. file.AsSpan(0, file.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA])), 0xFF, 0xD9];

        Refusal.Damaged(ImageFileFormat.Jpeg, trouble, shorter);
    }

    [Fact]
    public void A_missing_restart_interval_is_refused()
    {
        byte[] file = TestImages.Sample("scans-restart.jpg");
        int first = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xD0]);
        int second = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xD1]);
        byte[] shorter = [.. file.AsSpan(0, first), .. file.AsSpan(second)];

        Refusal.Damaged(ImageFileFormat.Jpeg, "a restart marker is missing after 5 of 24 units of a scan", shorter);
    }

    [Fact]
    public void Padding_before_a_marker_and_bytes_after_the_end_do_no_harm()
    {
        byte[] file = File("halved chroma");
        foreach (int zeros in (int[])[1, 4, 7, 100])
        {
            byte[] padded = [.. file.AsSpan(0, file.Length - 2), .. new byte[zeros], 0xFF, 0xD9, .. "camera trailer"u8, .. file];

            Assert.Equal(ImageDecoder.Decode(file, "plain.jpg").Image.Pixels, ImageDecoder.Decode(padded, "padded.jpg").Image.Pixels);
        }
    }

    // As libjpeg does it: three components are YCbCr, unless they are called R, G and B, or Adobe's segment says so and no JFIF segment.
    [Theory]
    [InlineData(0, 1, 2, "", true)]
    [InlineData(1, 2, 3, "", true)]
    [InlineData('R', 'G', 'B', "", false)]
    [InlineData('R', 'G', 'B', "JFIF", true)]
    [InlineData(1, 2, 3, "Adobe", false)]
    [InlineData(1, 2, 3, "JFIF Adobe", true)]
    public void The_colours_of_three_components_are_those_that_libjpeg_takes_them_for(
        int first,
        int second,
        int third,
        string segments,
        bool ycc
    )
    {
        byte[] file = TestImages.Sample("scans-restart.jpg");
        byte[] expected = ImageDecoder.Decode(file, "as written").Image.Pixels;
        byte[] bare = [.. file.AsSpan(0, 2), .. file.AsSpan(20)]; // without the JFIF segment
        byte[] ids = [(byte)first, (byte)second, (byte)third];
        int frame = bare.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        for (int i = 0; i < 3; i++)
            bare[frame + 10 + (3 * i)] = ids[i];
        for (int at = 0, i = 0; i < 3; i++, at++)
        {
            at += bare.AsSpan(at).IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
            bare[at + 5] = ids[i];
        }

        byte[] tagged =
        [
            .. bare.AsSpan(0, 2),
            .. segments.Contains("Adobe", StringComparison.Ordinal) ? [0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0] : (byte[])[],
            .. segments.Contains("JFIF", StringComparison.Ordinal) ? file.AsSpan(2, 18) : [],
            .. bare.AsSpan(2),
        ];

        byte[] actual = ImageDecoder.Decode(tagged, "tagged.jpg").Image.Pixels;

        Assert.Equal(ycc, actual.SequenceEqual(expected));
    }

    [Theory]
    [InlineData(0xC3, "a JPEG with lossless coding")]
    [InlineData(0xC5, "a JPEG with hierarchical coding")]
    [InlineData(0xC9, "a JPEG with arithmetic coding")]
    [InlineData(0xCA, "a JPEG with arithmetic coding")]
    public void A_coding_that_is_not_read_is_refused_by_name(byte marker, string kind)
    {
        byte[] file = File("halved chroma");
        file[file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 1] = marker;

        Refusal.NotRead(kind, file);
    }

    [Fact]
    public void Colours_of_which_some_share_a_scan_are_refused_by_name() =>
        Refusal.NotRead("a JPEG that has some of its colours in one scan and some in others", TestImages.Sample("shared-scan.jpg"));

    [Theory]
    [InlineData(0xC4, "a Huffman table is missing before byte")]
    [InlineData(0xDB, "quantization table 0 is missing before byte")]
    public void A_table_that_is_missing_is_named(byte marker, string trouble)
    {
        byte[] file = File("halved chroma");
        for (int at; (at = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, marker])) > 0; )
            file[at + 1] = 0xFE; // a comment

        ImageRejectedException e = Assert.Throws<ImageRejectedException>(() => ImageDecoder.Decode(file, "mjpeg.jpg"));

        Assert.Contains(trouble, e.Message, StringComparison.Ordinal);
    }

    private static byte[] File(string kind) => kind == "halved chroma" ? ImageEncoder.Jpeg(Picture) : TestImages.Sample(kind);
}
