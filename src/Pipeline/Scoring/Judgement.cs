using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Pipeline.Scoring;

/// <summary>
/// The verdict on an image, from the model's numbers, the camera's profile and the package's calibration. It needs only the map and the
/// detection score, so a stored map can be judged again without the model.
/// </summary>
public sealed record Judgement
{
    /// <summary>Score and verdict.</summary>
    public required ScorePart Score { get; init; }

    /// <summary>Regions in pixels of the image, highest peak first.</summary>
    public required IReadOnlyList<Region> Regions { get; init; }

    /// <summary>The map that was judged: with ignore masks, the values of ignored patches are replaced.</summary>
    public required AnomalyMap Map { get; init; }

    /// <summary>Scale of the heatmap: the map threshold always has the same colour.</summary>
    public required HeatmapOptions Scale { get; init; }

    /// <summary>
    /// Judges an image: 1. remove the ignored area; 2. combine the scores; 3. compare with the threshold; 4. find regions, at least one for
    /// an anomalous image.
    /// </summary>
    /// <param name="map">The model's map.</param>
    /// <param name="detection">The model's score of the whole image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="neutral">See <see cref="Threshold"/>.</param>
    public static Judgement Of(
        AnomalyMap map,
        float detection,
        CameraProfile profile,
        Calibration calibration,
        int width,
        int height,
        bool neutral = true
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
            calibration.IsNeutral ? ScorePart.Neutral : null
        );

        // 4. Find regions
        Calibration scale = profile.MapThreshold is { } mapThreshold ? calibration with { MapThreshold = mapThreshold } : calibration;
        float level = AaClip.Scoring.Maps.Regions.Level(full, scale.MapThreshold, anomalous);
        return new Judgement
        {
            Score = score,
            Regions = AaClip.Scoring.Maps.Regions.Of(full, map.Size, level, anomalous, width, height, profile.MinRegion),
            Map = map,
            Scale = scale.HeatmapScale with { ContourLevel = level },
        };
    }

    /// <summary>The threshold: raw scores at or above it are anomalous.</summary>
    /// <param name="neutral">Whether to use the neutral calibration's threshold for a class without a calibration.</param>
    /// <returns>Null if there is no threshold, and therefore no verdict.</returns>
    public static double? Threshold(CameraProfile profile, Calibration calibration, bool neutral = true) =>
        profile.Threshold ?? (calibration.IsNeutral && !neutral ? null : calibration.Threshold);
}
