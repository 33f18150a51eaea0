using System.Numerics.Tensors;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tiles;

namespace AaClip.Pipeline.Scoring;

/// <summary>
/// The verdict on an image, from the model's numbers, the camera's profile and the package's calibration. It needs only the map, the
/// detection score and the tiles, so a stored map can be judged again without the model.
/// An image in tiles has the score of the tile with the highest raw score; calibrated scores have the same order. A tile's raw score is
/// made of its own detection score and of the largest value that the merged map has inside of it. Tiles that are blank or ignored do not
/// count.
/// </summary>
public sealed record Judgement
{
    /// <summary>Score and verdict.</summary>
    public required ScorePart Score { get; init; }

    /// <summary>Regions in pixels of the image, highest peak first.</summary>
    public required IReadOnlyList<Region> Regions { get; init; }

    /// <summary>The map that was judged: with ignore masks, the values of ignored patches are replaced.</summary>
    public required AnomalyMap Map { get; init; }

    /// <summary>The scores of the tiles that count, row by row; null if the image was scored whole.</summary>
    public IReadOnlyList<TileScore>? Tiles { get; init; }

    /// <summary>Scale of the heatmap: the map threshold always has the same colour.</summary>
    public required HeatmapOptions Scale { get; init; }

    /// <summary>
    /// Judges an image: 1. remove the ignored area; 2. combine the scores; 3. compare with the threshold; 4. find regions, at least one for
    /// an anomalous image.
    /// </summary>
    /// <param name="map">The model's map.</param>
    /// <param name="detection">The model's score of the whole image; of an image in tiles, the largest of them.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="neutral">See <see cref="Threshold"/>.</param>
    /// <param name="tiles">The tiles of the image; null if it was scored whole.</param>
    public static Judgement Of(
        AnomalyMap map,
        float detection,
        CameraProfile profile,
        Calibration calibration,
        int width,
        int height,
        bool neutral = true,
        IReadOnlyList<Tile>? tiles = null
    )
    {
        // 1. Remove the ignored area
        map = profile.Mask?.Fill(map) ?? map;
        float[] full = map.FullSize(map.Size, map.Size);
        if (profile.Mask is { } mask)
        {
            bool[] ignored = mask.Square(map.Size);
            for (int i = 0; i < full.Length; i++)
                if (ignored[i])
                    full[i] = float.NegativeInfinity;
        }

        float mapMax = full.Max();
        if (float.IsNegativeInfinity(mapMax))
            mapMax = map.Surface().Values.Min(); // the whole map is ignored

        // 2. Combine the scores, 3. Compare with the threshold
        List<TileScore>? scores = tiles is null ? null : [.. ScoreTiles(tiles, full, map.Size, width, height)];
        TileScore? worst = scores?.MaxBy(t => calibration.Raw(t.MapMax, t.Detection, map.Domain)); // the first of equal ones
        (mapMax, detection) = worst is null ? (mapMax, detection) : (worst.MapMax, worst.Detection);
        double? threshold = Threshold(profile, calibration, neutral);
        double raw = calibration.Raw(mapMax, detection, map.Domain);
        bool anomalous = raw >= threshold;
        ScorePart score = new(
            threshold is null ? null
                : anomalous ? Verdict.Anomalous
                : Verdict.Normal,
            detection,
            mapMax,
            raw,
            threshold is { } half ? Calibration.Calibrated(raw, half) : null,
            threshold,
            calibration.IsNeutral ? ScorePart.Neutral : null,
            worst?.Index
        );

        // 4. Find regions
        Calibration scale = profile.MapThreshold is { } mapThreshold ? calibration with { MapThreshold = mapThreshold } : calibration;
        float level = AaClip.Scoring.Maps.Regions.Level(full, scale.MapThreshold, anomalous);
        return new Judgement
        {
            Score = score,
            Regions = AaClip.Scoring.Maps.Regions.Of(full, map.Size, level, anomalous, width, height, profile.MinRegion),
            Map = map,
            Tiles = scores,
            Scale = scale.HeatmapScale with { ContourLevel = level },
        };
    }

    /// <summary>The threshold: raw scores at or above it are anomalous.</summary>
    /// <param name="neutral">Whether to use the neutral calibration's threshold for a class without a calibration.</param>
    /// <returns>Null if there is no threshold, and therefore no verdict.</returns>
    public static double? Threshold(CameraProfile profile, Calibration calibration, bool neutral = true) =>
        profile.Threshold ?? (calibration.IsNeutral && !neutral ? null : calibration.Threshold);

    private static IEnumerable<TileScore> ScoreTiles(IReadOnlyList<Tile> tiles, float[] full, int size, int width, int height)
    {
        for (int i = 0; i < tiles.Count; i++)
        {
            Tile tile = tiles[i];
            (int left, int right) = (Low(tile.X, width), High(tile.X + tile.Width, width));
            (int top, int bottom) = (Low(tile.Y, height), High(tile.Y + tile.Height, height));
            float most = float.NegativeInfinity;
            for (int y = top; y < bottom; y++)
                most = Math.Max(most, TensorPrimitives.Max(full.AsSpan(y * size + left, right - left)));
            if (tile.Detection is { } detection && !float.IsNegativeInfinity(most))
                yield return new TileScore(i, most, detection);
        }

        int Low(int at, int length) => Math.Clamp((int)((long)at * size / length), 0, size - 1);

        int High(int at, int length) => Math.Clamp((int)(((long)at * size + length - 1) / length), 1, size);
    }
}

/// <summary>The scores of a tile.</summary>
/// <param name="Index">Its place among the tiles of the image, from 0.</param>
/// <param name="MapMax">Largest value of the final map in it, outside of the ignore masks.</param>
/// <param name="Detection">The model's score of the tile.</param>
public sealed record TileScore(int Index, float MapMax, float Detection);
