using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

public class BoxAverageTests
{
    [Theory]
    [InlineData(41, 27, 41)]
    [InlineData(27, 41, 100)]
    public void A_picture_that_fits_stays_the_same(int width, int height, int side)
    {
        RgbImage image = ResamplingTests.Noise(1, width, height);

        Assert.Same(image, BoxAverage.Shrink(image, side));
    }

    [Theory]
    [InlineData(400, 300, 100, 100, 75)]
    [InlineData(301, 999, 64, 19, 64)]
    [InlineData(5000, 3, 64, 64, 1)]
    [InlineData(3000, 2000, 1024, 1024, 682)]
    public void Each_pixel_is_the_mean_of_those_it_stands_for(int width, int height, int side, int expectedWidth, int expectedHeight)
    {
        RgbImage image = ResamplingTests.Noise(2, width, height);

        RgbImage small = BoxAverage.Shrink(image, side);

        Assert.Equal((expectedWidth, expectedHeight), (small.Width, small.Height));
        for (int y = 0; y < small.Height; y += Math.Max(1, small.Height / 7))
        for (int x = 0; x < small.Width; x += Math.Max(1, small.Width / 7))
        for (int c = 0; c < 3; c++)
            Assert.Equal(Mean(image, x, y, c, small), small.Pixels[3 * (y * small.Width + x) + c], 0.5001);
    }

    private static double Mean(RgbImage image, int x, int y, int channel, RgbImage small) =>
        (
            from row in Enumerable.Range(0, image.Height)
            where row >= y * image.Height / small.Height && row < (y + 1) * image.Height / small.Height
            from column in Enumerable.Range(0, image.Width)
            where column >= x * image.Width / small.Width && column < (x + 1) * image.Width / small.Width
            select (double)image.Pixels[3 * (row * image.Width + column) + channel]
        ).Average();
}
