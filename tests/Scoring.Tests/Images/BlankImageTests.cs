using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

public class BlankImageTests
{
    private const int Patch = 14;

    public static TheoryData<string, RgbImage> Nothing =>
        new()
        {
            { "has one colour", Flat(0, 0, 0) },
            { "has one colour", Flat(255, 255, 255) },
            { "has one colour", Flat(0, 0, 255) },
            { "has one colour", Flat(0, 0, 0, 4000, 3000) },
            { "is dark: its levels are 0 to 5 of 255", Noise(0, 5) },
            { "is dark: its levels are 16 to 24 of 255", Noise(16, 24) },
            { "has 1 x 1 pixels, fewer than one patch of the model (14 x 14)", Noise(0, 255, 1, 1) },
            { "has 13 x 14 pixels, fewer", Noise(0, 255, 13, 14) },
            { "has one colour", WithSpots(Flat(3, 3, 3), 12) }, // hot pixels
        };

    public static TheoryData<RgbImage> Something =>
        [
            Noise(100, 105), // a plain surface in good light
            Noise(0, 12), // dark, but more than noise
            Noise(0, 255, 14, 14),
            WithSpots(Flat(250, 250, 250), 200), // a spot on a perfect surface
            TestImages.Gradient,
        ];

    [Theory]
    [MemberData(nameof(Nothing))]
    public void What_shows_nothing_is_refused_with_its_reason(string reason, RgbImage image)
    {
        ImageRejectedException refused = Assert.Throws<ImageRejectedException>(() => BlankImage.Refuse(image, "cam/1", Patch));

        Assert.Equal(ImageRejection.Blank, refused.Code);
        Assert.StartsWith($"Image 'cam/1' {reason}", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Something))]
    public void What_shows_something_is_taken(RgbImage image) => BlankImage.Refuse(image, "cam/1", Patch);

    private static RgbImage Flat(int red, int green, int blue, int width = 400, int height = 300) =>
        TestImages.Make(width, height, (_, _) => (red, green, blue));

    private static RgbImage Noise(int low, int high, int width = 400, int height = 300)
    {
        Random random = new(1);
        return TestImages.Make(
            width,
            height,
            (_, _) => (random.Next(low, high + 1), random.Next(low, high + 1), random.Next(low, high + 1))
        );
    }

    private static RgbImage WithSpots(RgbImage image, int count)
    {
        for (int i = 0; i < count; i++)
            image.Pixels.AsSpan(3 * (image.Width * (i / 20) + (i % 20)), 3).Fill((byte)(image.Pixels[^1] < 128 ? 200 : 20));
        return image;
    }
}
