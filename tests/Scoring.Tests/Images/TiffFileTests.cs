using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

public class TiffFileTests
{
    private const string Remedy = "save it uncompressed, or with LZW, Deflate or PackBits compression, or as PNG";

    private static readonly byte[] Pixels = TestImages.Gradient.Pixels;

    private static List<(int Tag, int Type, uint[] Values)> Fields => TestImages.TiffFields(41, 27, 8, 3, Pixels.Length);

    // JPEG in a TIFF is never to reach the decoder: a strip that is itself such a TIFF ends the process, and no test could catch it.
    [Theory]
    [InlineData(2, "fax")]
    [InlineData(3, "fax")]
    [InlineData(4, "fax")]
    [InlineData(6, "JPEG")]
    [InlineData(7, "JPEG")]
    [InlineData(34712, "JPEG 2000")]
    [InlineData(34925, "LZMA")]
    [InlineData(50000, "Zstandard")]
    [InlineData(12345, "an unknown")]
    public void A_compression_that_is_not_read_is_refused_by_name(int compression, string name)
    {
        byte[] file = TestImages.Tiff(Pixels, With(Fields, (259, 3, [(uint)compression])));

        Refusal.NotRead($"a TIFF with {name} compression ({compression})", file, Remedy);
    }

    [Fact]
    public void A_tiff_whose_strip_is_the_file_again_under_jpeg_compression_is_refused()
    {
        byte[] file = TestImages.Tiff([], With(TestImages.TiffFields(4, 4, 8, 3, 150), (259, 3, [7]), (273, 4, [0])));

        Refusal.NotRead("a TIFF with JPEG compression (7)", file, Remedy);
    }

    [Fact]
    public void A_compression_that_is_named_twice_or_nowhere_is_refused()
    {
        byte[] twice = TestImages.Tiff(Pixels, [.. Fields, (259, 3, [7])]);
        byte[] nowhere = TestImages.Tiff(Pixels, [.. Fields.Where(f => f.Tag != 259)]);

        AssertDamaged("its directory names a compression more than once", twice);
        AssertDamaged("its directory names a compression nowhere", nowhere);
    }

    [Fact]
    public void A_tiled_tiff_is_refused_by_name() =>
        Refusal.NotRead("a tiled TIFF", TestImages.Tiff(Pixels, [.. Fields, (322, 3, [16])]), "save it in strips, or as PNG");

    [Fact]
    public void Cmyk_is_refused_by_name() =>
        Refusal.NotRead("a TIFF in CMYK colours", TestImages.Tiff(Pixels, With(Fields, (262, 3, [5]))), "save it as RGB");

    [Fact]
    public void What_stands_in_further_pages_and_inner_directories_is_not_looked_at()
    {
        // The second page, and an EXIF directory that shares its place, would be read as JPEG.
        List<(int, int, uint[])> second = With(Fields, (259, 3, [7]), (254, 4, [1]));
        byte[] pages = TestImages.Tiff(Pixels, Fields, true, second);
        int inner = 8 + Pixels.Length + (Pixels.Length & 1) + 2 + ((Fields.Count + 1) * 12) + 4 + 6;
        byte[] exif = TestImages.Tiff(Pixels, [.. Fields, (34665, 4, [(uint)inner])], true, second);

        Assert.Equal(Pixels, ImageDecoder.Decode(pages, "pages.tif").Image.Pixels);
        Assert.Equal(Pixels, ImageDecoder.Decode(exif, "exif.tif").Image.Pixels);
        Assert.Equal(7, exif[inner + 2 + (4 * 12) + 8]); // that is where the directory stands
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_thumbnail_in_front_is_passed_over_whether_it_says_what_it_is_or_not(bool says)
    {
        List<(int, int, uint[])> thumbnail = TestImages.TiffFields(4, 4, 8, 3, 48);
        if (says)
            thumbnail = With(thumbnail, (254, 4, [1]));

        byte[] file = TestImages.Tiff(Pixels, thumbnail, true, Fields);

        Assert.Equal(Pixels, ImageDecoder.Decode(file, "cam/1").Image.Pixels);
    }

    [Fact]
    public void A_full_size_picture_in_a_directory_inside_another_is_found()
    {
        List<(int Tag, int Type, uint[] Values)> thumbnail = With(TestImages.TiffFields(4, 4, 8, 3, 48), (254, 4, [1]), (330, 4, [0]));
        int start = 8 + Pixels.Length + (Pixels.Length & 1),
            behind = start + 2 + (thumbnail.Count * 12) + 4 + 6; // 6: the bits of three samples
        thumbnail = With(thumbnail, (330, 4, [(uint)behind]));

        byte[] file = TestImages.Tiff(Pixels, thumbnail, true, Fields);
        BitConverter.TryWriteBytes(file.AsSpan(start + 2 + (thumbnail.Count * 12)), 0); // no chain leads there

        Assert.Equal(Pixels, ImageDecoder.Decode(file, "cam/1").Image.Pixels);
    }

    [Fact]
    public void A_mask_beside_the_picture_does_not_count() =>
        Assert.Equal(Pixels, ImageDecoder.Decode(TestImages.Tiff(Pixels, Fields, true, With(Fields, (254, 4, [4]))), "cam/1").Image.Pixels);

    [Fact]
    public void Several_pictures_of_equal_size_are_refused_for_nobody_knows_which_counts()
    {
        foreach (byte[] file in (byte[][])[TestImages.Tiff(Pixels, Fields, true, Fields), TestImages.Sample("pages.tif")])
            Refusal.NotRead("a TIFF of 2 pictures of equal size", file, "save the one to be scored as a file of its own");
    }

    [Fact]
    public void A_reduced_picture_alone_is_refused() =>
        Refusal.NotRead(
            "a TIFF that holds a reduced picture alone",
            TestImages.Tiff(Pixels, With(Fields, (254, 4, [1]))),
            "save the picture at its full size"
        );

    [Fact]
    public void Directories_in_a_circle_are_walked_once()
    {
        byte[] file = TestImages.Tiff(Pixels, Fields);
        int start = 8 + Pixels.Length + (Pixels.Length & 1);
        BitConverter.TryWriteBytes(file.AsSpan(start + 2 + (Fields.Count * 12)), start);

        Refusal.NotRead("a TIFF of 2 pictures of equal size", file, "save the one to be scored as a file of its own");
    }

    // ImageSharp takes memory for as many rows as a strip is said to have, up to a gigabyte.
    [Theory]
    [InlineData(27)]
    [InlineData(28)]
    [InlineData(8_000_000)]
    [InlineData(int.MaxValue)]
    public void Rows_of_a_strip_beyond_the_picture_cost_nothing(int rows)
    {
        byte[] file = TestImages.Tiff(Pixels, With(Fields, (278, 4, [(uint)rows])));
        long before = Environment.WorkingSet;

        byte[] actual = ImageDecoder.Decode(file, "rows.tif").Image.Pixels;

        Assert.Equal(Pixels, actual);
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 150L * 1024 * 1024);
    }

    [Theory]
    [InlineData(65535, 1)]
    [InlineData(64, 1)]
    [InlineData(0, 1)]
    [InlineData(8, 5)]
    public void Samples_that_no_picture_has_are_refused_before_memory_is_taken_for_them(int bits, int samples)
    {
        byte[] file = TestImages.Tiff(Pixels, With(Fields, (258, 3, [(uint)bits]), (262, 3, [3]), (277, 3, [(uint)samples])));

        Refusal.NotRead($"a TIFF of {samples} samples of {bits} bits for each pixel", file);
    }

    [Fact]
    public void Strips_that_are_missing_outside_or_shared_are_refused()
    {
        byte[] missing = TestImages.Tiff(Pixels, With(Fields, (278, 4, [9])));
        byte[] outside = TestImages.Tiff(Pixels, With(Fields, (273, 4, [5000])));
        byte[] small = TestImages.Tiff(Pixels, With(Fields, (279, 4, [3000])));
        byte[] shared = TestImages.Tiff(Pixels, With(Fields, (259, 3, [32773]), (273, 4, [8, 8]), (278, 4, [20]), (279, 4, [3321, 3321])));

        AssertDamaged("its directory names 1 of 3 strips of pixel data", missing);
        AssertDamaged("strip 0 of its pixel data should reach to byte 8321", outside);
        AssertDamaged("strip 0 of its pixel data cannot have 3000 bytes", small);
        AssertDamaged("strip 1 of its pixel data cannot have 3321 bytes", shared);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Strips_and_planes_of_either_byte_order_are_put_together(bool little)
    {
        byte[] planes = [.. Enumerable.Range(0, 3).SelectMany(c => Pixels.Where((_, i) => i % 3 == c))];
        uint[] offsets = [8, 828, 1115, 1935, 2222, 3042]; // 1107 = 41 * 27 bytes of a plane, 820 of its first 20 rows
        byte[] file = TestImages.Tiff(
            planes,
            With(Fields, (273, 4, offsets), (278, 4, [20]), (279, 4, [820, 287, 820, 287, 820, 287]), (284, 3, [2])),
            little
        );

        Assert.Equal(Pixels, ImageDecoder.Decode(file, "planes.tif").Image.Pixels);
    }

    private static List<(int Tag, int Type, uint[] Values)> With(
        List<(int Tag, int Type, uint[] Values)> fields,
        params (int Tag, int Type, uint[] Values)[] others
    ) => [.. fields.Where(f => others.All(o => o.Tag != f.Tag)), .. others];

    private static void AssertDamaged(string trouble, byte[] file) => Refusal.Damaged(ImageFileFormat.Tiff, trouble, file);
}
