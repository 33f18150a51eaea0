using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tiles;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Tiles;

/// <summary>Scores of images in tiles, by the small model.</summary>
public sealed class TiledScoreTests : IDisposable
{
    private readonly LentBuffers _buffers = new();
    private readonly AnomalyScorer _scorer;
    private readonly float[] _anchors;

    public TiledScoreTests()
    {
        _scorer = AnomalyScorer.Load(
            TinyPackage.Random(),
            new ScorerOptions
            {
                Provider = Provider.Cpu,
                Threads = 1,
                CacheFolder = TinyPackage.Cache,
                Buffers = _buffers,
            }
        );
        _anchors = _scorer.AnchorsOf("bottle");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Each_tile_has_the_score_of_its_part_of_the_image_alone_whatever_runs_together()
    {
        RgbImage image = Pictures.Draw(1, 500, 400);
        TiledImage tiles = _scorer.Cut(image, new Tiling(3, 2, 0))!;

        ImageScore one = Score(tiles, together: 1),
            many = Score(tiles, together: 4);

        Assert.Equal(6, one.Tiles!.Count);
        foreach (Tile tile in one.Tiles)
            Assert.Equal(
                _scorer.Score(image.Cut(tile.X, tile.Y, tile.Width, tile.Height), _anchors, Domain.Industrial, Cancellation).Detection,
                tile.Detection
            );
        Assert.Equal(one.Tiles.Max(t => t.Detection), one.Detection);
        Assert.Equal(one.Tiles, many.Tiles);
        Assert.Equal(one.Map.Raw, many.Map.Raw);
        Assert.Equal(0, _buffers.Lent);
    }

    [Fact]
    public void The_middle_of_a_tile_has_the_map_of_its_part_of_the_image_alone()
    {
        RgbImage image = Pictures.Draw(2, 600, 600);
        ImageScore score = Score(_scorer.Cut(image, new Tiling(2, 2, 0, 0))!);

        Assert.Equal((16, 224), (score.Map.Side, score.Map.Size));
        for (int i = 0; i < 4; i++)
        {
            Tile tile = score.Tiles![i];
            AnomalyMap part = _scorer
                .Score(image.Cut(tile.X, tile.Y, tile.Width, tile.Height), _anchors, Domain.Industrial, Cancellation)
                .Map;
            for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                Assert.Equal(part.Raw[y * 8 + x], score.Map.Raw[(8 * (i / 2) + y) * 16 + 8 * (i % 2) + x], 1e-5f);
        }
    }

    [Fact]
    public void A_blank_tile_is_not_scored_and_raises_nothing()
    {
        RgbImage image = Pictures.Draw(3, 600, 300);
        for (int y = 0; y < 300; y++)
            image.Pixels.AsSpan(3 * (y * 600 + 300), 900).Fill(200); // its right half is of one colour

        ImageScore score = Score(_scorer.Cut(image, new Tiling(2, 1, 0, 0))!);

        Assert.Equal([true, false], score.Tiles!.Select(t => t.Detection is not null));
        Assert.Equal(score.Tiles![0].Detection, score.Detection);
        float[] full = score.Map.FullSize(score.Map.Size, score.Map.Size);
        Assert.True(Array.IndexOf(full, full.Max()) % score.Map.Size <= score.Map.Size / 2);
    }

    [Fact]
    public void An_image_of_blank_tiles_that_is_not_blank_is_scored()
    {
        RgbImage image = new(400, 200, new byte[3 * 400 * 200]);
        for (int y = 0; y < 200; y++)
            image.Pixels.AsSpan(3 * (y * 400 + 200), 600).Fill(200);
        BlankImage.Refuse(image, "it", 14); // throws for a blank image

        ImageScore score = Score(_scorer.Cut(image, new Tiling(2, 1, 0, 0))!);

        Assert.All(score.Tiles!, t => Assert.NotNull(t.Detection));
    }

    [Fact]
    public void One_tile_is_the_whole_image()
    {
        Assert.Null(_scorer.Cut(Pictures.Draw(4), new Tiling(1, 1, 0)));
        Assert.Null(_scorer.Cut(Pictures.Draw(4), null));
        Assert.Null(_scorer.Cut(Pictures.Draw(4), new Tiling(0, 0, 500)));
    }

    public void Dispose() => _scorer.Dispose();

    private ImageScore Score(TiledImage tiles, int together = 1) =>
        _scorer.Score(tiles, _anchors, Domain.Industrial, together, null, Cancellation);
}
