using AaClip.Scoring.Maps;

namespace AaClip.Scoring.Tests.Maps;

public sealed class RegionsTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Regions_equal_those_found_by_spreading_labels_until_nothing_changes(int seed)
    {
        Random random = new(seed);
        int size = random.Next(1, 24),
            width = random.Next(1, 100),
            height = random.Next(1, 100);
        float[] map = [.. TestMaps.Noise(seed, size * size).Select(v => MathF.Round(v * 4) / 4)]; // many equal peaks
        float threshold = random.Next(5) * 0.25f - 0.25f;
        double minArea = random.Next(2) * 0.01;

        IReadOnlyList<Region> actual = Regions.Find(map, size, threshold, width, height, minArea);

        Assert.Equal(Slow(map, size, threshold, width, height, minArea), actual);
    }

    [Fact]
    public void Pixels_that_touch_at_a_corner_belong_together()
    {
        float[] map = [1, 0, 0, 0, 1, 0, 0, 0, 1];

        IReadOnlyList<Region> actual = Regions.Find(map, 3, 0.5f, 30, 60, 0);

        Region expected = new()
        {
            X = 0,
            Y = 0,
            Width = 30,
            Height = 60,
            Peak = 1,
            AreaFraction = 3 / 9.0,
        };
        Assert.Equal([expected], actual);
    }

    [Fact]
    public void The_highest_peak_comes_first_and_equal_peaks_from_top_to_bottom()
    {
        // csharpier-ignore
        float[] map =
        [
            2, 0, 2, 0,
            0, 0, 0, 0,
            3, 0, 2, 0,
            0, 0, 0, 0,
        ];

        IReadOnlyList<Region> actual = Regions.Find(map, 4, 1, 4, 4, 0);

        Assert.Equal([(0, 2), (0, 0), (2, 0), (2, 2)], actual.Select(r => (r.X, r.Y)));
    }

    [Fact]
    public void A_score_at_the_threshold_belongs_to_a_region()
    {
        Assert.Single(Regions.Find([0.5f], 1, 0.5f, 7, 5, 0));
        Assert.Empty(Regions.Find([0.5f], 1, MathF.BitIncrement(0.5f), 7, 5, 0));
    }

    [Fact]
    public void A_whole_image_can_be_one_region()
    {
        float[] map = [.. Enumerable.Repeat(1f, 518 * 518)];

        Region region = Assert.Single(Regions.Find(map, 518, 0.5f, 4000, 3000, 0));

        Assert.Equal((0, 0, 4000, 3000, 1.0), (region.X, region.Y, region.Width, region.Height, region.AreaFraction));
    }

    [Fact]
    public void Regions_begin_at_the_threshold_where_they_cover_no_more_than_half()
    {
        float[] half = [5, 5, 0, 0];

        Assert.Equal(1, Regions.Level(half, 1, anomalous: true));
    }

    [Fact]
    public void Where_more_than_half_of_the_picture_reaches_the_threshold_the_place_that_stands_out_is_told()
    {
        float[] map = [.. Enumerable.Repeat(3f, 100)];
        map[45] = map[46] = 9;

        float level = Regions.Level(map, 1, anomalous: true);
        Region region = Assert.Single(Regions.Of(map, 10, level, true, 10, 10, 0));

        Assert.Equal(6, level);
        Assert.Equal((5, 4, 2, 1, 0.02), (region.X, region.Y, region.Width, region.Height, region.AreaFraction));
    }

    [Fact]
    public void A_picture_in_which_no_place_stands_out_is_one_region()
    {
        float[] map = [.. Enumerable.Range(0, 100).Select(i => 9 + (i % 2 * 1e-5f))];

        Assert.Equal(1, Regions.Level(map, 1, anomalous: true));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void An_anomalous_image_has_a_region_though_nothing_reaches_the_threshold(double minArea)
    {
        float[] map = [.. Enumerable.Range(0, 100).Select(i => i == 37 ? 0.9f : 0.1f)];
        map[0] = float.NegativeInfinity; // ignored

        float level = Regions.Level(map, 1, anomalous: true);
        Region region = Assert.Single(Regions.Of(map, 10, level, true, 20, 20, minArea));

        Assert.Equal((14, 6, 2, 2, 0.9f), (region.X, region.Y, region.Width, region.Height, region.Peak));
        Assert.Empty(Regions.Of(map, 10, Regions.Level(map, 1, anomalous: false), false, 20, 20, 0));
    }

    [Fact]
    public void Where_everything_is_ignored_there_is_no_region()
    {
        float[] map = [.. Enumerable.Repeat(float.NegativeInfinity, 4)];

        Assert.Empty(Regions.Of(map, 2, Regions.Level(map, 1, anomalous: true), true, 2, 2, 0));
    }

    [Fact]
    public void An_area_that_is_no_share_is_refused()
    {
        ArgumentException e = Assert.Throws<ArgumentOutOfRangeException>(() => Regions.Find([1], 1, 0, 1, 1, 1.5));

        Assert.Contains("Expected a share of the image, 0 to 1", e.Message, StringComparison.Ordinal);
    }

    private static List<Region> Slow(float[] map, int size, float threshold, int width, int height, double minArea)
    {
        int[] label = [.. map.Select((v, i) => v >= threshold ? i : -1)];
        for (bool changed = true; changed; )
        {
            changed = false;
            for (int i = 0; i < map.Length; i++)
            for (int j = 0; j < map.Length; j++)
                if (
                    label[i] >= 0
                    && label[j] >= 0
                    && label[j] < label[i]
                    && Math.Abs(i % size - j % size) <= 1
                    && Math.Abs(i / size - j / size) <= 1
                )
                    (label[i], changed) = (label[j], true);
        }

        return
        [
            .. Enumerable
                .Range(0, map.Length)
                .Where(i => label[i] >= 0)
                .GroupBy(i => label[i])
                .Where(g => g.Count() / (double)map.Length >= minArea)
                .OrderByDescending(g => g.Max(i => map[i]))
                .ThenBy(g => g.Key)
                .Select(g =>
                {
                    int x = (int)Math.Floor(g.Min(i => i % size) * (double)width / size),
                        y = (int)Math.Floor(g.Min(i => i / size) * (double)height / size);
                    int right = (int)Math.Ceiling((g.Max(i => i % size) + 1) * (double)width / size),
                        bottom = (int)Math.Ceiling((g.Max(i => i / size) + 1) * (double)height / size);
                    return new Region
                    {
                        X = x,
                        Y = y,
                        Width = right - x,
                        Height = bottom - y,
                        Peak = g.Max(i => map[i]),
                        AreaFraction = g.Count() / (double)map.Length,
                    };
                }),
        ];
    }
}
