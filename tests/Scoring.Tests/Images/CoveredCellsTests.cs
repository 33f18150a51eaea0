using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Images;

/// <summary>The changed copies of an image that an audit scores.</summary>
public sealed class CoveredCellsTests
{
    [Theory]
    [InlineData(64, 64)]
    [InlineData(101, 37)]
    [InlineData(8, 8)]
    public void Whatever_is_an_eighth_of_the_image_lies_inside_of_a_cell(int width, int height)
    {
        ImageCell[] cells = [.. CoveredCells.Of(width, height)];

        Assert.Equal(49, cells.Length);
        for (int y = 0; y + height / 8 <= height; y++)
        for (int x = 0; x + width / 8 <= width; x++)
            Assert.Contains(cells, c => c.X <= x && c.Y <= y && c.X + c.Width >= x + width / 8 && c.Y + c.Height >= y + height / 8);
        Assert.All(cells, c => Assert.True(c.X + c.Width <= width && c.Y + c.Height <= height));
    }

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(3, 2, 0)]
    [InlineData(5, 40, 49)]
    public void A_very_small_image_has_no_empty_cells(int width, int height, int least)
    {
        ImageCell[] cells = [.. CoveredCells.Of(width, height)];

        Assert.All(cells, c => Assert.True(c.Width > 0 && c.Height > 0));
        Assert.True(cells.Length >= least);
    }

    [Fact]
    public void A_cell_gets_the_median_of_the_ring_around_it_and_nothing_else_changes()
    {
        const int Width = 23,
            Height = 17;
        RgbImage image = Noise(Width, Height, 1);
        foreach (ImageCell cell in CoveredCells.Of(Width, Height))
        {
            RgbImage covered = CoveredCells.Cover(image, cell);

            for (int channel = 0; channel < 3; channel++)
            {
                List<byte> ring = [];
                for (int y = 0; y < Height; y++)
                for (int x = 0; x < Width; x++)
                    if (
                        !Inside(cell, x, y)
                        && x >= cell.X - cell.Width / 2
                        && x < cell.X + cell.Width + cell.Width / 2
                        && y >= cell.Y - cell.Height / 2
                        && y < cell.Y + cell.Height + cell.Height / 2
                    )
                        ring.Add(image.Pixels[3 * (y * Width + x) + channel]);
                ring.Sort();
                for (int y = 0; y < Height; y++)
                for (int x = 0; x < Width; x++)
                {
                    int at = 3 * (y * Width + x) + channel;
                    Assert.Equal(Inside(cell, x, y) ? ring[(ring.Count - 1) / 2] : image.Pixels[at], covered.Pixels[at]);
                }
            }
        }
    }

    [Fact]
    public void Smoothing_takes_mean_and_median_of_nine_pixels()
    {
        const int Width = 7,
            Height = 5;
        RgbImage image = Noise(Width, Height, 2);

        RgbImage mean = Smoothing.Mean(image),
            median = Smoothing.Median(image);

        for (int y = 0; y < Height; y++)
        for (int x = 0; x < Width; x++)
        for (int channel = 0; channel < 3; channel++)
        {
            List<byte> near = [];
            for (int row = y - 1; row <= y + 1; row++)
            for (int column = x - 1; column <= x + 1; column++)
                near.Add(image.Pixels[3 * (Math.Clamp(row, 0, Height - 1) * Width + Math.Clamp(column, 0, Width - 1)) + channel]);
            near.Sort();
            Assert.Equal((byte)Math.Round(near.Average(b => (double)b)), mean.Pixels[3 * (y * Width + x) + channel]);
            Assert.Equal(near[4], median.Pixels[3 * (y * Width + x) + channel]);
        }
    }

    private static bool Inside(ImageCell cell, int x, int y) =>
        x >= cell.X && x < cell.X + cell.Width && y >= cell.Y && y < cell.Y + cell.Height;

    private static RgbImage Noise(int width, int height, int seed)
    {
        byte[] pixels = new byte[3 * width * height];
        new Random(seed).NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }
}
