using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Scoring.Tests.Maps;

public sealed class HeatmapTests
{
    private const float JustAbove = 1e-5f; // smoothing may take the last bit from a flat map

    private static readonly HeatmapOptions Scale = new()
    {
        Low = 1,
        Threshold = 2,
        High = 4,
    };

    [Fact]
    public void Scores_at_the_low_end_leave_the_photo_as_it_is()
    {
        RgbImage photo = Images.ResamplingTests.Noise(1, 90, 70);

        RgbImage actual = Heatmap.Overlay(photo, TestMaps.Flat(1), Scale);

        Assert.Equal(photo.Pixels, actual.Pixels);
    }

    [Fact]
    public void The_photo_shows_the_less_the_higher_the_score_is()
    {
        RgbImage black = new(1, 1, [0, 0, 0]),
            white = new(1, 1, [255, 255, 255]);

        int[] kept =
        [
            .. new[] { 1f, 1.5f, 1.9f, 2f + JustAbove, 3f, 4f + JustAbove, 9f }.Select(score =>
                Heatmap.Overlay(white, TestMaps.Flat(score), Scale).Pixels[0]
                - Heatmap.Overlay(black, TestMaps.Flat(score), Scale).Pixels[0]
            ),
        ];

        Assert.Equal(kept.OrderDescending(), kept);
        Assert.Equal(255, kept[0]);
        Assert.InRange(kept[1], 240, 255); // ordinary: next to nothing
        Assert.InRange(kept[3], 90, 140); // at the threshold: clearly coloured
        Assert.Equal(0.3 * 255, kept[5], 2.0); // high: the whole opacity
        Assert.Equal(kept[5], kept[6]);
    }

    [Theory]
    [InlineData(-5f, 2f, 60f)]
    [InlineData(1.9f, 2f, 2.1f)]
    [InlineData(0f, 2f, 100f)]
    public void The_threshold_has_the_same_colour_on_every_scale(float low, float threshold, float high)
    {
        HeatmapOptions options = new()
        {
            Low = low,
            Threshold = threshold,
            High = high,
        };

        RgbImage actual = Heatmap.Render(TestMaps.Flat(threshold + JustAbove), 1, 1, options);

        for (int c = 0; c < 3; c++)
            Assert.Equal(HeatColors.Table[3 * HeatPalette.Middle + c], actual.Pixels[c], 3.0); // a square root rises steeply from there
    }

    [Fact]
    public void A_score_has_the_same_colour_whatever_else_is_in_the_image()
    {
        float[] hot = [.. Enumerable.Repeat(1.5f, 400)];
        hot[399] = 50; // far from the corner that is compared
        AnomalyMap map = new(hot, 20, 280, Domain.Industrial);

        byte[] withHotSpot = Heatmap.Render(map, 30, 30, Scale).Pixels;
        byte[] without = Heatmap.Render(TestMaps.Flat(1.5f), 30, 30, Scale).Pixels;

        Assert.Equal(without[..3], withHotSpot[..3]);
        Assert.NotEqual(without[^3..], withHotSpot[^3..]);
    }

    [Fact]
    public void Drawing_a_map_equals_looking_up_each_pixels_score()
    {
        AnomalyMap map = new([.. TestMaps.Noise(7, 25).Select(v => 2 + 3 * v)], 5, 70, Domain.Industrial);
        float[] scores = map.FullSize(61, 43);

        byte[] actual = Heatmap.Render(map, 61, 43, Scale).Pixels;

        for (int i = 0; i < scores.Length; i++)
        {
            double share = scores[i] < 2 ? (Math.Max(scores[i], 1) - 1) / 2 : 0.5 + Math.Sqrt((Math.Min(scores[i], 4) - 2) / 2) / 2;
            int step = (int)(share * (HeatColors.Count - 1));
            for (int c = 0; c < 3; c++)
                Assert.Equal(HeatColors.Table[3 * step + c], actual[3 * i + c], 6.0); // neighbouring steps differ by less
        }
    }

    [Fact]
    public void The_contour_lies_where_the_score_crosses_the_threshold_and_nowhere_else()
    {
        AnomalyMap ramp = new([.. Enumerable.Range(0, 400).Select(i => 1 + 3f * (i % 20) / 19)], 20, 280, Domain.Industrial);
        float[] scores = ramp.FullSize(200, 100);
        int crossing = Array.FindIndex(scores, v => v >= 2);

        byte[] with = Heatmap.Render(ramp, 200, 100, Scale).Pixels;
        byte[] without = Heatmap.Render(ramp, 200, 100, Scale with { Contour = false }).Pixels;

        int[] changed =
        [
            .. Enumerable
                .Range(0, 20_000)
                .Where(i => !with.AsSpan(3 * i, 3).SequenceEqual(without.AsSpan(3 * i, 3)))
                .Select(i => i % 200)
                .Distinct(),
        ];
        Assert.Contains(crossing, changed);
        Assert.All(changed, x => Assert.InRange(x, crossing - 3, crossing + 3));
    }

    [Theory]
    [InlineData(2f)]
    [InlineData(2.0001f)]
    public void A_plateau_at_the_threshold_is_not_a_contour(float score)
    {
        byte[] with = Heatmap.Render(TestMaps.Flat(score), 100, 100, Scale).Pixels;
        byte[] without = Heatmap.Render(TestMaps.Flat(score), 100, 100, Scale with { Contour = false }).Pixels;

        Assert.Equal(without, with);
    }

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(1, 300, false)]
    [InlineData(300, 1, false)]
    [InlineData(63, 64, false)]
    [InlineData(64, 64, false)]
    [InlineData(65, 1200, false)]
    [InlineData(1200, 65, true)]
    [InlineData(1200, 40, false)]
    [InlineData(300, 200, true)]
    [InlineData(1500, 1000, true)]
    public void Any_size_is_drawn_with_and_without_a_legend(int width, int height, bool legendFits)
    {
        AnomalyMap map = new([.. TestMaps.Noise(9, 25).Select(v => 2 + 3 * v)], 5, 70, Domain.Medical);
        RgbImage photo = Images.ResamplingTests.Noise(2, width, height);

        RgbImage with = Heatmap.Overlay(photo, map, Scale with { Legend = true });
        RgbImage without = Heatmap.Overlay(photo, map, Scale);

        Assert.Equal((width, height), (with.Width, with.Height));
        Assert.Equal((width, height), (without.Width, without.Height));
        Assert.Equal(legendFits, !with.Pixels.AsSpan().SequenceEqual(without.Pixels));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(65, 1200)]
    [InlineData(300, 200)]
    [InlineData(1500, 1000)]
    public void Drawing_over_the_photo_gives_the_bytes_of_a_new_picture(int width, int height)
    {
        AnomalyMap map = new([.. TestMaps.Noise(9, 25).Select(v => 2 + 3 * v)], 5, 70, Domain.Industrial);
        RgbImage photo = Images.ResamplingTests.Noise(2, width, height);
        RgbImage apart = Heatmap.Overlay(photo, map, Scale with { Legend = true });

        Heatmap.DrawOver(photo, map, Scale with { Legend = true });

        Assert.Equal(apart.Pixels, photo.Pixels);
    }

    [Fact]
    public void The_legend_leaves_two_thirds_of_the_picture_alone()
    {
        RgbImage photo = Images.ResamplingTests.Noise(3, 600, 400);

        byte[] with = Heatmap.Overlay(photo, TestMaps.Flat(1), Scale with { Legend = true, High = -Scale.Low * -123456.5f }).Pixels;

        for (int y = 0; y < 400; y++)
            Assert.True(with.AsSpan(3 * 600 * y, 3 * 400).SequenceEqual(photo.Pixels.AsSpan(3 * 600 * y, 3 * 400)), $"row {y}");
    }

    [Theory]
    [InlineData(2f, 2f, 4f)]
    [InlineData(1f, 5f, 4f)]
    [InlineData(1f, float.NaN, 4f)]
    [InlineData(float.NegativeInfinity, 2f, 4f)]
    public void A_scale_that_does_not_rise_is_refused_with_its_numbers(float low, float threshold, float high)
    {
        HeatmapOptions options = new()
        {
            Low = low,
            Threshold = threshold,
            High = high,
        };

        ArgumentException e = Assert.Throws<ArgumentException>(() => Heatmap.Render(TestMaps.Flat(2), 5, 5, options));

        Assert.Contains("expected finite numbers in rising order: use HeatmapOptions.Spanning", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1f, 2f, 4f)]
    [InlineData(1f, 9f, 4f)]
    [InlineData(1f, 0f, 4f)]
    [InlineData(3f, 3f, 3f)]
    [InlineData(0f, 0f, 0f)]
    [InlineData(1000f, 1000f, 1000f)]
    public void A_spanning_scale_is_valid_for_any_threshold(float min, float threshold, float max)
    {
        HeatmapOptions options = HeatmapOptions.Spanning(min, threshold, max);

        options.Validate();
        Assert.True(options.Low <= min && options.High >= max);
        Assert.Equal(threshold, options.Threshold);
    }
}
