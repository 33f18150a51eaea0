using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tiles;

namespace AaClip.Pipeline.Tests.Scoring;

public class JudgementTests
{
    private static readonly Calibration Scale = new()
    {
        MapMin = 0,
        MapMax = 10,
        DetectionMin = 0,
        DetectionMax = 1,
        Threshold = 0.5,
        MapThreshold = 5,
    };

    private static readonly double[][][] LeftHalf =
    [
        [
            [0, 0],
            [0.5, 0],
            [0.5, 1],
            [0, 1],
        ],
    ];

    [Fact]
    public void Without_a_mask_the_score_is_the_published_one()
    {
        AnomalyMap map = Map(hot: (2, 2));

        Judgement judged = Judgement.Of(map, 0.4f, CameraProfile.Default, Scale, 640, 480);

        Assert.Equal(map.Max, judged.Score.MapMax);
        Assert.Equal(0.4f, judged.Score.Detection);
        Assert.Equal(Scale.Raw(map.Max, 0.4f, Domain.Industrial), judged.Score.Raw);
        Assert.Equal(Scale.Threshold, judged.Score.Threshold);
    }

    [Theory]
    [InlineData(0.3, Verdict.Anomalous)]
    [InlineData(0.99, Verdict.Normal)]
    public void The_profiles_threshold_goes_before_the_calibrations(double threshold, Verdict verdict)
    {
        Judgement judged = Judgement.Of(Map(hot: (2, 2)), 0.4f, new CameraProfile(Threshold: threshold), Scale, 640, 480);

        Assert.Equal((verdict, threshold), (judged.Score.Verdict, judged.Score.Threshold));
        Assert.Equal(verdict == Verdict.Anomalous, judged.Score.Calibrated >= 0.5);
    }

    [Fact]
    public void A_neutral_calibration_gives_no_verdict_where_it_shall_not_count()
    {
        Calibration neutral = Calibration.Neutral(4);
        Judgement Of(double? threshold, bool counts) =>
            Judgement.Of(Map(hot: (2, 2)), 0.4f, new CameraProfile(Threshold: threshold), neutral, 640, 480, counts);

        ScorePart judged = Of(null, counts: true).Score,
            undecided = Of(null, counts: false).Score,
            decided = Of(0.4, counts: false).Score;

        Assert.Equal(new ScorePart(null, judged.Detection, judged.MapMax, judged.Raw, Calibration: ScorePart.Neutral), undecided);
        Assert.Equal((neutral.Threshold, 0.4), (judged.Threshold, decided.Threshold));
        Assert.All([judged, decided], s => Assert.NotNull(s.Verdict));
    }

    [Fact]
    public void A_score_at_the_threshold_is_anomalous()
    {
        AnomalyMap map = Map(hot: (2, 2));
        double raw = Scale.Raw(map.Max, 0.4f, Domain.Industrial);

        Assert.Equal(Verdict.Anomalous, Judgement.Of(map, 0.4f, new CameraProfile(Threshold: raw), Scale, 640, 480).Score.Verdict);
    }

    [Fact]
    public void A_defect_under_the_mask_neither_raises_the_score_nor_makes_a_region()
    {
        CameraProfile profile = new(Ignore: LeftHalf);

        Judgement hidden = Judgement.Of(Map(hot: (2, 4)), 0.4f, profile, Scale, 640, 480);
        Judgement clean = Judgement.Of(Map(hot: null), 0.4f, profile, Scale, 640, 480);

        Assert.Equal(clean.Score, hidden.Score);
        Assert.Empty(hidden.Regions);
    }

    [Fact]
    public void A_defect_beside_the_mask_scores_as_without_it()
    {
        CameraProfile profile = new(Ignore: LeftHalf);

        Judgement masked = Judgement.Of(Map(hot: (6, 4)), 0.4f, profile, Scale, 640, 480);
        Judgement open = Judgement.Of(Map(hot: (6, 4)), 0.4f, CameraProfile.Default, Scale, 640, 480);

        Assert.Equal(open.Score, masked.Score);
        Assert.Equal(open.Regions, masked.Regions);
    }

    [Fact]
    public void No_region_reaches_under_the_mask()
    {
        CameraProfile profile = new(Ignore: LeftHalf, MapThreshold: 1.5f);

        Judgement judged = Judgement.Of(Map(hot: (4, 4)), 0.4f, profile, Scale, 640, 480);

        Assert.Single(judged.Regions);
        Assert.True(judged.Regions[0].X >= 320);
    }

    [Fact]
    public void A_mask_over_a_hot_background_makes_no_regions_of_what_it_filled_in()
    {
        float[] raw = [.. Enumerable.Repeat(9f, 64)]; // all above the map threshold, so the median that is filled in is too
        CameraProfile profile = new(Ignore: LeftHalf);

        Judgement judged = Judgement.Of(new AnomalyMap(raw, 8, 112, Domain.Industrial), 0.4f, profile, Scale, 100, 100);

        Assert.Equal((50, 50), (Assert.Single(judged.Regions).X, judged.Regions[0].Width));
    }

    [Fact]
    public void Regions_smaller_than_the_profile_wants_are_left_out()
    {
        CameraProfile small = new(MapThreshold: 3),
            large = new(MapThreshold: 3, MinRegion: 0.5);

        Assert.Single(Judgement.Of(Map(hot: (4, 4)), 0.4f, small, Scale, 640, 480).Regions);
        Assert.Empty(Judgement.Of(Map(hot: (4, 4)), 0.4f, large, Scale, 640, 480).Regions);
    }

    [Fact]
    public void An_anomalous_image_has_a_region_and_a_normal_one_needs_none()
    {
        AnomalyMap map = Map(hot: (4, 4)); // stays below the map threshold of 5

        Judgement anomalous = Judgement.Of(map, 0.4f, new CameraProfile(Threshold: 0.1, MinRegion: 0.5), Scale, 640, 480);
        Judgement normal = Judgement.Of(map, 0.4f, new CameraProfile(Threshold: 0.9), Scale, 640, 480);

        Region region = Assert.Single(anomalous.Regions);
        Assert.True(region.X <= 360 && region.X + region.Width > 360 && region.Y <= 270 && region.Y + region.Height > 270, $"{region}");
        Assert.Empty(normal.Regions);
    }

    [Fact]
    public void What_is_judged_on_the_neutral_scale_says_so()
    {
        Judgement neutral = Judgement.Of(
            Map(hot: null),
            0.4f,
            new CameraProfile(Threshold: 0.3, MapThreshold: 1),
            Calibration.Neutral(4),
            640,
            480
        );
        Judgement own = Judgement.Of(Map(hot: null), 0.4f, CameraProfile.Default, Scale, 640, 480);

        Assert.Equal("neutral", neutral.Score.Calibration);
        Assert.Null(own.Score.Calibration);
    }

    [Fact]
    public void An_image_in_tiles_has_the_score_of_its_worst_tile()
    {
        // The map is hottest in the first tile, but the second one's detection score makes it the worse one.
        AnomalyMap map = Map(hot: (2, 4));
        float right = Map(hot: null).Max;

        Judgement judged = Judgement.Of(map, 0.9f, CameraProfile.Default, Scale, 640, 480, tiles: Tiles(0.1f, 0.9f));

        Assert.Equal((1, 0.9f), (judged.Score.Tile, judged.Score.Detection));
        Assert.InRange(judged.Score.MapMax!.Value, right, map.Max - 1);
        Assert.Equal(judged.Tiles!.Select(t => Scale.Raw(t.MapMax, t.Detection, Domain.Industrial)).Max(), judged.Score.Raw);
        Assert.Equal(map.Max, judged.Tiles![0].MapMax);
        Assert.Equal(Calibration.Calibrated(judged.Score.Raw!.Value, Scale.Threshold), judged.Score.Calibrated);
    }

    [Fact]
    public void One_tile_as_large_as_the_image_is_judged_as_the_image()
    {
        AnomalyMap map = Map(hot: (2, 4));

        Judgement whole = Judgement.Of(map, 0.4f, CameraProfile.Default, Scale, 640, 480),
            tiled = Judgement.Of(map, 0.4f, CameraProfile.Default, Scale, 640, 480, tiles: [new Tile(0, 0, 640, 480, 0.4f)]);

        Assert.Equal(whole.Score with { Tile = 0 }, tiled.Score);
        Assert.Equal(whole.Regions, tiled.Regions);
    }

    [Fact]
    public void Blank_tiles_and_ignored_tiles_do_not_count()
    {
        CameraProfile profile = new(Ignore: LeftHalf);
        AnomalyMap map = Map(hot: (2, 4));

        ScorePart masked = Judgement.Of(map, 0.9f, profile, Scale, 640, 480, tiles: Tiles(0.9f, 0.2f)).Score,
            blank = Judgement.Of(map, 0.2f, CameraProfile.Default, Scale, 640, 480, tiles: Tiles(null, 0.2f)).Score,
            nothing = Judgement.Of(map, 0.9f, profile, Scale, 640, 480, tiles: Tiles(0.9f, null)).Score;

        Assert.Equal((1, 0.2f), (masked.Tile, masked.Detection));
        Assert.Equal((1, 0.2f), (blank.Tile, blank.Detection));
        Assert.Equal((null, 0.9f, Verdict.Normal), (nothing.Tile, nothing.Detection, nothing.Verdict));
    }

    // The left and the right half of an image of 640 x 480.
    private static Tile[] Tiles(float? left, float? right) => [new(0, 0, 320, 480, left), new(320, 0, 320, 480, right)];

    // [8, 8] at 112 pixels: 1 everywhere, 20 at one patch (column, row).
    private static AnomalyMap Map((int X, int Y)? hot)
    {
        float[] raw = [.. Enumerable.Repeat(1f, 64)];
        if (hot is var (x, y))
            raw[8 * y + x] = 20;
        return new AnomalyMap(raw, 8, 112, Domain.Industrial);
    }
}
