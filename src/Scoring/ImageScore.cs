using AaClip.Scoring.Maps;
using AaClip.Scoring.Tiles;

namespace AaClip.Scoring;

/// <summary>The model's result for one image (specification 4.2), before any threshold or calibration.</summary>
public sealed record ImageScore
{
    /// <summary>
    /// The model's score of the whole image, 0 to 1: for AA-CLIP s = (d·T_abnormal + 1)/2, the mean patch compared with the abnormal
    /// anchor; for other methods the probability of the abnormal anchor. Of an image in tiles: the largest score of a tile.
    /// </summary>
    public required float Detection { get; init; }

    /// <summary>The anomaly map on the grid of patches. It gives the smoothed map, the enlarged map and the maximum.</summary>
    public required AnomalyMap Map { get; init; }

    /// <summary>
    /// Maximum of the final map at the model's input size. Of AA-CLIP, each level is in the range −99.5 to 100.5; of other methods, 0 to 1.
    /// </summary>
    public float MapMax => Map.Max;

    /// <summary>The tiles, with their detection scores; null if the image was scored whole.</summary>
    public IReadOnlyList<Tile>? Tiles { get; init; }

    /// <summary>Merges the scores of the tiles of an image.</summary>
    /// <param name="scores">One for each picture of the image that is not null, in their order.</param>
    public static ImageScore Merge(TiledImage image, IReadOnlyList<ImageScore> scores)
    {
        using IEnumerator<ImageScore> next = scores.GetEnumerator();
        ImageScore?[] all = [.. image.Pictures.Select(p => p is not null && next.MoveNext() ? next.Current : null)];
        return new ImageScore
        {
            Detection = scores.Max(s => s.Detection),
            Map = image.Layout.Merge([.. all.Select(s => s?.Map)]),
            Tiles = [.. image.Layout.Tiles.Select((t, i) => t with { Detection = all[i]?.Detection })],
        };
    }
}
