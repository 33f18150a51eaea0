using AaClip.Pipeline.Routing;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Pipeline.Tests.Routing;

public class IgnoreMaskTests
{
    private static readonly IReadOnlyList<IReadOnlyList<double>> LeftHalf =
    [
        [0, 0],
        [0.5, 0],
        [0.5, 1],
        [0, 1],
    ];

    [Fact]
    public void Pixels_are_ignored_where_a_plain_test_of_their_centres_says_so()
    {
        Random random = new(3);
        for (int i = 0; i < 50; i++)
        {
            IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> polygons =
            [
                .. Enumerable
                    .Range(0, 1 + i % 3)
                    .Select(_ =>
                        (IReadOnlyList<IReadOnlyList<double>>)
                            [
                                .. Enumerable
                                    .Range(0, 3 + i % 6)
                                    .Select(_ => (IReadOnlyList<double>)[random.NextDouble(), random.NextDouble()]),
                            ]
                    ),
            ];
            (int width, int height) = (10 + i, 60 - i);

            bool[] mask = new IgnoreMask(polygons).Rasterize(width, height);

            for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                Assert.Equal(polygons.Any(p => Inside(p, (x + 0.5) / width, (y + 0.5) / height)), mask[y * width + x]);
        }
    }

    [Fact]
    public void Halves_cover_exactly_the_image()
    {
        IReadOnlyList<IReadOnlyList<double>> right =
        [
            [0.5, 0],
            [1, 0],
            [1, 1],
            [0.5, 1],
        ];

        bool[] a = new IgnoreMask([LeftHalf]).Square(7),
            b = new IgnoreMask([right]).Square(7);

        Assert.All(a.Zip(b), p => Assert.True(p.First ^ p.Second)); // column 3 has its centre at 0.5 and belongs to one of them
    }

    [Fact]
    public void An_ignored_patch_takes_the_median_of_the_others_and_the_others_stay()
    {
        float[] raw = [9, 1, 2, 9, 3, 4, 9, 5, 6, 9, 7, 8, 9, 1, 2, 9]; // [4, 4]
        IgnoreMask mask = new([LeftHalf]);

        AnomalyMap filled = mask.Fill(new AnomalyMap(raw, 4, 28, Domain.Industrial));

        // The right half holds 2 9 9 5 7 8 2 9: in order 2 2 5 7 8 9 9 9, whose upper middle is 8.
        Assert.Equal([8, 8, 2, 9, 8, 8, 9, 5, 8, 8, 7, 8, 8, 8, 2, 9], filled.Raw.ToArray());
    }

    [Theory]
    [InlineData(0.25, new float[] { 2, 1, 2, 2 })] // 7 of 14 columns: half
    [InlineData(0.2, new float[] { 9, 1, 9, 2 })] // 6 of 14
    public void A_patch_is_ignored_from_half_of_its_pixels_on(double right, float[] expected)
    {
        IgnoreMask mask = new([
            [
                [0, 0],
                [right, 0],
                [right, 1],
                [0, 1],
            ],
        ]);

        Assert.Equal(expected, mask.Fill(new AnomalyMap([9, 1, 9, 2], 2, 28, Domain.Industrial)).Raw.ToArray());
    }

    [Fact]
    public void The_heatmap_shows_the_photo_where_it_is_ignored()
    {
        RgbImage photo = new(4, 2, [.. Enumerable.Range(0, 24).Select(i => (byte)i)]);
        RgbImage heatmap = new(4, 2, new byte[24]);

        new IgnoreMask([LeftHalf]).Uncover(heatmap, photo);

        Assert.Equal([0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 12, 13, 14, 15, 16, 17, 0, 0, 0, 0, 0, 0], heatmap.Pixels);
    }

    // The even-odd rule as it is usually written: count the edges to the right.
    private static bool Inside(IReadOnlyList<IReadOnlyList<double>> polygon, double x, double y)
    {
        bool inside = false;
        for (int i = 0, j = polygon.Count - 1; i < polygon.Count; j = i++)
            if (
                polygon[i][1] > y != polygon[j][1] > y
                && x < (polygon[j][0] - polygon[i][0]) * (y - polygon[i][1]) / (polygon[j][1] - polygon[i][1]) + polygon[i][0]
            )
                inside = !inside;
        return inside;
    }
}
