using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

public class OrientationTests
{
    public static TheoryData<int> All => [1, 2, 3, 4, 5, 6, 7, 8];

    [Theory]
    [MemberData(nameof(All))]
    public void Every_exif_orientation_is_applied_by_default_and_ignored_in_parity(int orientation)
    {
        byte[] jpeg = ImageEncoder.Jpeg(TestImages.Make(70, 45, (x, y) => (x * 3, y * 5, 128)), 95);
        RgbImage stored = ImageDecoder.Decode(jpeg, "stored.jpg").Image;
        byte[] tagged = TestImages.WithOrientation(jpeg, orientation);

        DecodedImage shown = ImageDecoder.Decode(tagged, "tagged.jpg");
        DecodedImage parity = ImageDecoder.Decode(tagged, "tagged.jpg", new DecodeOptions { Parity = true });

        Assert.Equal(orientation, shown.Orientation);
        Assert.Equal((70, 45), (shown.StoredWidth, shown.StoredHeight));
        AssertSame(Slow(stored, orientation), shown.Image);
        AssertSame(stored, parity.Image);
        Assert.Equal(1, parity.Orientation);
    }

    // Pillow 9.4 turns TIFF in TiffImageFile.load_end, and no other format.
    [Theory]
    [MemberData(nameof(All))]
    public void The_orientation_of_a_tiff_is_applied_in_both_modes(int orientation)
    {
        RgbImage stored = TestImages.Make(5, 3, (x, y) => (x * 40, y * 90, 7));
        byte[] file = TestImages.Tiff(5, 3, 8, 3, stored.Pixels, orientation);

        RgbImage shown = ImageDecoder.Decode(file, "turned.tif").Image;
        RgbImage parity = ImageDecoder.Decode(file, "turned.tif", new DecodeOptions { Parity = true }).Image;

        AssertSame(Slow(stored, orientation), shown);
        AssertSame(shown, parity);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(255)]
    public void An_orientation_outside_of_1_to_8_is_taken_as_1(int orientation)
    {
        byte[] jpeg = ImageEncoder.Jpeg(TestImages.Gradient);

        DecodedImage decoded = ImageDecoder.Decode(TestImages.WithOrientation(jpeg, orientation), "odd.jpg");

        Assert.Equal(1, decoded.Orientation);
        Assert.Equal((41, 27), (decoded.Image.Width, decoded.Image.Height));
    }

    /// <summary>From the wording of EXIF: which side of the scene the first stored row and column show.</summary>
    private static RgbImage Slow(RgbImage stored, int orientation)
    {
        int w = stored.Width,
            h = stored.Height;
        return orientation switch
        {
            1 => From(w, h, (x, y) => (x, y)), // row 0 top, column 0 left
            2 => From(w, h, (x, y) => (w - 1 - x, y)), // top, right
            3 => From(w, h, (x, y) => (w - 1 - x, h - 1 - y)), // bottom, right
            4 => From(w, h, (x, y) => (x, h - 1 - y)), // bottom, left
            5 => From(h, w, (x, y) => (y, x)), // left, top
            6 => From(h, w, (x, y) => (y, h - 1 - x)), // right, top
            7 => From(h, w, (x, y) => (w - 1 - y, h - 1 - x)), // right, bottom
            _ => From(h, w, (x, y) => (w - 1 - y, x)), // left, bottom
        };

        RgbImage From(int width, int height, Func<int, int, (int X, int Y)> source) =>
            TestImages.Make(
                width,
                height,
                (x, y) =>
                {
                    (int sx, int sy) = source(x, y);
                    int i = ((sy * w) + sx) * 3;
                    return (stored.Pixels[i], stored.Pixels[i + 1], stored.Pixels[i + 2]);
                }
            );
    }

    private static void AssertSame(RgbImage expected, RgbImage actual)
    {
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        Assert.Equal(expected.Pixels, actual.Pixels);
    }
}
