using System.Globalization;
using AaClip.Evaluation;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tiles;
using AaClip.Synthesis;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Model;

/// <summary>Large images in tiles, with the demonstration model.</summary>
public sealed class TilesTests(ITestOutputHelper output)
{
    private const string ClassName = "sheet of paper";
    private const int Side = 4096, // pixels
        Sheet = 512,
        Defect = 6;
    private const int Normals = 8, // pictures that set the thresholds
        Pictures = 4; // with a defect
    private const byte Dark = 20; // of 255

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_defect_of_6_pixels_in_a_picture_of_4096_is_found_in_tiles_and_missed_without()
    {
        using AnomalyScorer scorer = AnomalyScorer.Load(
            Path.Combine(Parity.RepositoryRoot, "models", "demo"),
            new ScorerOptions { Provider = Provider.Cpu }
        );
        Judge whole = new(scorer, null),
            tiled = new(scorer, new Tiling(8, 8, 0, 0));
        foreach (RgbImage picture in Enumerable.Range(0, Normals).Select(Picture))
        {
            whole.Learn(picture);
            tiled.Learn(picture);
        }

        int missed = 0,
            found = 0;
        for (int seed = 100; seed < 100 + Pictures; seed++)
        {
            RgbImage picture = Picture(seed);
            (int x, int y) = (7 * seed % 8 * Sheet + 200 + 10 * (seed % 9), 3 * seed % 8 * Sheet + 150 + 13 * (seed % 7));
            Verdict? before = tiled.Score(picture).Score.Verdict;
            for (int row = y; row < y + Defect; row++)
                picture.Pixels.AsSpan(3 * (row * Side + x), 3 * Defect).Fill(Dark);

            Judgement without = whole.Score(picture),
                with = tiled.Score(picture);

            Assert.Equal(Verdict.Normal, before);
            missed += without.Score.Verdict == Verdict.Normal ? 1 : 0;
            bool there = with.Regions.Any(r => r.X <= x + Defect && x <= r.X + r.Width && r.Y <= y + Defect && y <= r.Y + r.Height);
            found += with.Score.Verdict == Verdict.Anomalous && there ? 1 : 0;
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Defect at {x}, {y}: whole {without.Score.Calibrated:F3}, tile {with.Score.Tile} {with.Score.Calibrated:F3}."
                )
            );
        }

        // 1.5 pixels of a tile at the model's input are little: one of the four is not seen.
        Assert.Equal(Pictures, missed);
        Assert.InRange(found, Pictures - 1, Pictures);
    }

    // 64 sheets of paper side by side, of four kinds.
    private static RgbImage Picture(int seed)
    {
        ObjectClass sheet = Catalog.Seen.First(c => c.Name == ClassName);
        RgbImage[] kinds = [.. Enumerable.Range(0, 4).Select(i => Generator.Draw(sheet, null, Sheet, 10 * seed + i).Image)];
        byte[] pixels = new byte[3 * Side * Side];
        for (int y = 0; y < Side; y++)
        for (int x = 0; x < Side / Sheet; x++)
            kinds[(x + 3 * (y / Sheet)) % kinds.Length]
                .Pixels.AsSpan(3 * Sheet * (y % Sheet), 3 * Sheet)
                .CopyTo(pixels.AsSpan(3 * (y * Side + x * Sheet)));
        return new RgbImage(Side, Side, pixels);
    }

    /// <summary>Scores pictures in one way, with a threshold from normal ones.</summary>
    private sealed class Judge(AnomalyScorer scorer, Tiling? tiling)
    {
        private readonly float[] _anchors = scorer.AnchorsOf(ClassName);
        private readonly List<Observed> _normals = [];

        public void Learn(RgbImage picture)
        {
            ImageScore score = Of(picture);
            Judgement judged = Judged(score, scorer.Model.CalibrationFor(ClassName));
            _normals.Add(
                new Observed(
                    score.Map.Surface().Values.Min(),
                    score.MapMax,
                    score.Detection,
                    judged.Tiles is { } tiles ? [.. tiles.Select(t => (t.MapMax, t.Detection))] : null
                )
            );
        }

        public Judgement Score(RgbImage picture) =>
            Judged(Of(picture), Calibrator.FromNormals(_normals, 0.1, Domain.Industrial).Calibration);

        private ImageScore Of(RgbImage picture) =>
            scorer.Cut(picture, tiling) is { } tiles
                ? scorer.Score(tiles, _anchors, Domain.Industrial, 1, null, Cancellation)
                : scorer.Score(picture, _anchors, Domain.Industrial, Cancellation);

        private static Judgement Judged(ImageScore score, Calibration calibration) =>
            Judgement.Of(score.Map, score.Detection, CameraProfile.Default, calibration, Side, Side, tiles: score.Tiles);
    }
}
