using AaClip.Scoring.Images;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Images;

/// <summary>Parts of an image that are read without a copy.</summary>
public sealed class ImageWindowTests
{
    [Fact]
    public void A_part_is_resized_to_the_bytes_of_its_copy()
    {
        Random random = new(1);
        RgbImage image = Pictures.Draw(1, 301, 203);
        for (int i = 0; i < 200; i++)
        {
            ImageWindow part = Part(image, random, i);
            (int width, int height) = (i % 7 == 0 ? part.Width : random.Next(1, 120), i % 5 == 0 ? part.Height : random.Next(1, 120));
            ResizeFilter filter = i % 2 == 0 ? ResizeFilter.Bicubic : ResizeFilter.Bilinear;

            RgbImage resized = Resampling.Resize(part, width, height, filter);

            RgbImage expected = Resampling.Resize(image.Cut(part.X, part.Y, part.Width, part.Height), width, height, filter);
            Assert.True(expected.Pixels.AsSpan().SequenceEqual(resized.Pixels), $"{part} to {width} x {height}, {filter}");
        }
    }

    [Fact]
    public void A_part_is_blank_when_its_copy_is()
    {
        Random random = new(2);
        RgbImage image = new(300, 200, [.. Enumerable.Repeat((byte)90, 3 * 300 * 200)]);
        for (int i = 0; i < 150; i++) // a few spots of noise
            image.Pixels[random.Next(image.Pixels.Length)] = (byte)random.Next(256);
        int blank = 0;
        for (int i = 0; i < 300; i++)
        {
            ImageWindow part = Part(image, random, i);
            bool found = BlankImage.Is(part, patch: 4);

            Assert.Equal(BlankImage.Is(ImageWindow.Of(image.Cut(part.X, part.Y, part.Width, part.Height)), patch: 4), found);
            blank += found ? 1 : 0;
        }

        Assert.InRange(blank, 10, 290);
    }

    private static ImageWindow Part(RgbImage image, Random random, int i)
    {
        (int x, int y) = (random.Next(image.Width), random.Next(image.Height));
        bool last = i % 3 == 0; // to the last byte, which vectors must not read beyond
        return new ImageWindow(
            image,
            x,
            y,
            last ? image.Width - x : random.Next(1, image.Width - x + 1),
            last ? image.Height - y : random.Next(1, image.Height - y + 1)
        );
    }
}
