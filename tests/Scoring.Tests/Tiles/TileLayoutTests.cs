using AaClip.Scoring.Maps;
using AaClip.Scoring.Tiles;

namespace AaClip.Scoring.Tests.Tiles;

public sealed class TileLayoutTests
{
    private const int Grid = 8,
        Patch = 14;

    [Theory]
    [InlineData("3x2", 3, 2, 0)]
    [InlineData("1x1", 1, 1, 0)]
    [InlineData("16x4", 16, 4, 0)]
    [InlineData("1024", 0, 0, 1024)]
    public void A_grid_or_a_size_is_read(string text, int columns, int rows, int pixels) =>
        Assert.Equal(new Tiling(columns, rows, pixels, 0.25), Tiling.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("3")]
    [InlineData("3x")]
    [InlineData("3x2x1")]
    [InlineData("3 x 2")]
    [InlineData("-3x2")]
    [InlineData("0x2")]
    [InlineData("17x1")]
    [InlineData("9x8")]
    [InlineData("31")]
    [InlineData("30001")]
    [InlineData("99999999999")]
    [InlineData("٣x٢")]
    public void Anything_else_is_not(string text) => Assert.Null(Tiling.Parse(text));

    [Fact]
    public void Tiles_cover_the_image_overlap_as_asked_and_are_no_larger_than_asked()
    {
        Random random = new(1);
        int planned = 0;
        for (int i = 0; i < 2000; i++)
        {
            (int width, int height) = (random.Next(20, 6000), random.Next(20, 6000));
            double overlap = random.Next(3) * 0.25;
            Tiling tiling =
                random.Next(2) == 0
                    ? new Tiling(random.Next(1, 9), random.Next(1, 9), 0, overlap)
                    : new Tiling(0, 0, random.Next(32, 2000), overlap);
            if (TileLayout.Of(tiling, width, height, Grid, Patch) is not { } layout)
                continue;

            planned++;
            Assert.InRange(layout.Tiles.Count, 2, Tiling.MaxTiles);
            Assert.All(layout.Tiles, t => Assert.True(t.X >= 0 && t.Y >= 0 && t.X + t.Width <= width && t.Y + t.Height <= height));
            AssertCovered([.. layout.Tiles.Select(t => (t.X, t.X + t.Width)).Distinct()], width, overlap);
            AssertCovered([.. layout.Tiles.Select(t => (t.Y, t.Y + t.Height)).Distinct()], height, overlap);
            (int columns, int rows) = (layout.Tiles.DistinctBy(t => t.X).Count(), layout.Tiles.DistinctBy(t => t.Y).Count());
            if (tiling.Pixels > 0 && Math.Max(columns, rows) < Tiling.MaxAlong && columns * rows < Tiling.MaxTiles / 2) // within the limits
                Assert.All(layout.Tiles, t => Assert.InRange(Math.Max(t.Width, t.Height), 1, tiling.Pixels + 1));
        }

        Assert.True(planned > 1000, $"{planned}");
    }

    [Theory]
    [InlineData("1x1", 4000, 3000)]
    [InlineData("1024", 1024, 700)]
    [InlineData("8x8", 60, 4000)] // tiles of fewer pixels than a patch
    public void One_tile_and_tiles_of_less_than_a_patch_are_no_tiles(string tiling, int width, int height) =>
        Assert.Null(TileLayout.Of(Tiling.Parse(tiling)!.Value, width, height, Grid, Patch));

    [Fact]
    public void More_pixels_than_64_tiles_hold_make_larger_tiles()
    {
        TileLayout layout = TileLayout.Of(new Tiling(0, 0, 32), 20_000, 5000, Grid, Patch)!;

        Assert.InRange(layout.Tiles.Count, 33, 64);
        Assert.InRange(layout.Tiles[0].Width / (double)layout.Tiles[0].Height, 0.7, 1.4);
    }

    [Theory]
    [InlineData("3x3", 0.25)]
    [InlineData("4x4", 0)]
    [InlineData("2x2", 0.5)]
    public void Maps_that_agree_where_they_overlap_are_merged_without_a_seam(string text, double overlap)
    {
        TileLayout layout = TileLayout.Of(Tiling.Parse(text)!.Value with { Overlap = overlap }, 3000, 3000, Grid, Patch)!;

        // A slope over the image, as each tile sees its part of it
        AnomalyMap merged = layout.Merge([.. layout.Tiles.Select(t => Map((x, y) => At(t.X, t.Width, x) + 2 * At(t.Y, t.Height, y)))]);

        for (int y = 0; y < merged.Side; y++)
        for (int x = 0; x < merged.Side; x++)
            Assert.Equal(At(0, 3000, x, merged.Side) + 2 * At(0, 3000, y, merged.Side), merged.Raw[y * merged.Side + x], 3f);

        static float At(int first, int length, int patch, int patches = Grid) => first + (patch + 0.5f) * length / patches;
    }

    [Fact]
    public void Between_two_tiles_that_disagree_the_map_goes_over_without_a_step()
    {
        TileLayout layout = TileLayout.Of(new Tiling(2, 2, 0, 0.5), 3000, 3000, Grid, Patch)!;

        AnomalyMap merged = layout.Merge([.. layout.Tiles.Select((_, i) => Map((_, _) => i % 2))]);

        float[] row = merged.Raw[..merged.Side].ToArray();
        Assert.Equal((12, 0f, 1f), (merged.Side, row[0], row[^1]));
        Assert.All(row.Zip(row.Skip(1)), p => Assert.InRange(p.Second - p.First, -1e-6f, 0.26f));
    }

    [Theory]
    [InlineData(3000, 3000, 3, 3)]
    [InlineData(4000, 1000, 5, 2)]
    [InlineData(700, 4000, 2, 6)]
    public void A_hot_patch_keeps_its_place_in_the_image_and_its_height(int width, int height, int columns, int rows)
    {
        TileLayout layout = TileLayout.Of(new Tiling(columns, rows, 0), width, height, Grid, Patch)!;
        for (int tile = 0; tile < layout.Tiles.Count; tile++)
        {
            int hot = tile;
            (int column, int row) = (3, 4);

            AnomalyMap merged = layout.Merge([
                .. layout.Tiles.Select((_, i) => Map((x, y) => i == hot && (x is 3 or 4) && (y is 3 or 4) ? 10 : 0)),
            ]);
            float[] full = merged.FullSize(merged.Size, merged.Size);
            int at = Array.IndexOf(full, full.Max());

            Tile there = layout.Tiles[tile];
            double x = (at % merged.Size + 0.5) * width / merged.Size,
                y = (at / merged.Size + 0.5) * height / merged.Size;
            Assert.InRange(x, there.X + (column - 1.0) * there.Width / Grid, there.X + (column + 3.0) * there.Width / Grid);
            Assert.InRange(y, there.Y + (row - 2.0) * there.Height / Grid, there.Y + (row + 2.0) * there.Height / Grid);
            float alone = Map((x, y) => (x is 3 or 4) && (y is 3 or 4) ? 10 : 0).Max;
            Assert.InRange(full.Max(), 0.8f * alone, 2 * alone); // smoothing is narrower along the side with fewer tiles
        }
    }

    [Fact]
    public void Where_no_tile_has_a_map_the_median_of_the_rest_stands()
    {
        TileLayout layout = TileLayout.Of(new Tiling(2, 2, 0, 0), 3000, 3000, Grid, Patch)!;

        AnomalyMap merged = layout.Merge([Map((x, _) => x), null, Map((_, _) => 4), Map((_, _) => 4)]);

        Assert.Equal(4, merged.Raw[merged.Side - 1]);
    }

    [Fact]
    public void The_final_map_of_many_tiles_stays_small_and_its_smoothing_keeps_its_width()
    {
        MapSteps steps = MapSteps.AaClip with { Sigma = 4 };
        TileLayout few = TileLayout.Of(new Tiling(2, 2, 0), 3000, 3000, 37, 14)!,
            many = TileLayout.Of(new Tiling(8, 8, 0), 3000, 3000, 37, 14)!;

        AnomalyMap a = few.Merge([.. few.Tiles.Select(_ => new AnomalyMap(new float[37 * 37], 37, 518, Domain.Industrial, steps))]);
        AnomalyMap b = many.Merge([.. many.Tiles.Select(_ => new AnomalyMap(new float[37 * 37], 37, 518, Domain.Industrial, steps))]);

        Assert.Equal((65, 65 * 14, 4.0), (a.Side, a.Size, a.Steps.Sigma));
        Assert.Equal((232, 232 * 8, 4.0 * 8 / 14), (b.Side, b.Size, b.Steps.Sigma));
    }

    private static AnomalyMap Map(Func<int, int, float> value) =>
        new([.. Enumerable.Range(0, Grid * Grid).Select(i => value(i % Grid, i / Grid))], Grid, Grid * Patch, Domain.Industrial);

    private static void AssertCovered((int From, int To)[] parts, int length, double overlap)
    {
        Assert.Equal((0, length), (parts[0].From, parts[^1].To));
        foreach (((int from, int to), (int next, int end)) in parts.Zip(parts.Skip(1)))
        {
            double share = (to - next) / (double)Math.Max(to - from, end - next);
            Assert.InRange(share, overlap - 1.01 / Grid - 0.05, overlap + 1.01 / Grid + 0.05); // tiles begin at a patch
            Assert.True(next <= to);
        }
    }
}
