using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;

namespace AaClip.Scoring.Packages;

/// <summary>
/// Converts a model's scores to a result that does not depend on other images. The published protocol normalises by minimum and maximum
/// over all test images of a class (specification 4.3). A service gets one image at a time, so it uses stored minima and maxima.
/// </summary>
public sealed record Calibration
{
    /// <summary>Half the width of the neutral map range per level; its ends correspond to a probability of 99.3 % for one anchor.</summary>
    internal const float NeutralSpan = 2.5f;

    /// <summary>
    /// Minimum range of heatmaps above the threshold, as a multiple of the range below it. A calibration from normal images alone has seen
    /// no defects.
    /// </summary>
    private const float RoomAbove = 4;

    /// <summary>Half the usual range of probabilities from a softmax without temperature (AnoVL): cosines differ little.</summary>
    internal const float ColdSpan = 0.05f;

    /// <summary>
    /// Calibrated score for a raw score of 1, the upper end of the range. Higher raw scores approach 1 and never reach it.
    /// </summary>
    private const double CalibratedEnd = 0.9;

    /// <summary>Map value that is normalised to 0.</summary>
    public required float MapMin { get; init; }

    /// <summary>Map value that is normalised to 1; above <see cref="MapMin"/>.</summary>
    public required float MapMax { get; init; }

    /// <summary>Detection score that is normalised to 0.</summary>
    public required float DetectionMin { get; init; }

    /// <summary>Detection score that is normalised to 1; above <see cref="DetectionMin"/>.</summary>
    public required float DetectionMax { get; init; }

    /// <summary>Raw scores at or above it are anomalous; above 0 and below 1.</summary>
    public required double Threshold { get; init; }

    /// <summary>Map values at or above it belong to an anomalous region; between <see cref="MapMin"/> and <see cref="MapMax"/>.</summary>
    public required float MapThreshold { get; init; }

    /// <summary>
    /// Share of the map's maximum in the raw score, 0 to 1; the rest is the detection score. Null for AA-CLIP's rule: one half, and for
    /// medical images the map alone.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MapShare { get; init; }

    /// <summary>The largest value that a map can have: 1 for a probability, more for a sum of them; null if there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? MapLimit { get; init; }

    /// <summary>Whether this is a neutral calibration: the class is not calibrated.</summary>
    [JsonIgnore]
    public bool IsNeutral =>
        MapLimit is { } limit
            ? this == NeutralProbability(0.5f, (int)limit) || this == NeutralProbability(ColdSpan, (int)limit)
            : this == Neutral((int)(2 * MapThreshold));

    /// <summary>
    /// The calibration of a class that is not calibrated: at the threshold, a patch is equally near to both anchors. Suitable for viewing
    /// heatmaps, not for decisions.
    /// </summary>
    /// <param name="levels">Number of levels summed in the map; each adds 0.5 if both anchors are equally near.</param>
    public static Calibration Neutral(int levels) =>
        new()
        {
            MapMin = levels * (0.5f - NeutralSpan),
            MapMax = levels * (0.5f + NeutralSpan),
            DetectionMin = 0,
            DetectionMax = 1,
            Threshold = 0.5,
            MapThreshold = levels * 0.5f,
        };

    /// <summary>As <see cref="Neutral"/>, for a method whose scores are probabilities and whose raw score is the detection score.</summary>
    /// <param name="span">Half the range of one level's map and of the detection score, around 0.5.</param>
    /// <param name="levels">Number of levels summed in the map.</param>
    public static Calibration NeutralProbability(float span, int levels) =>
        new()
        {
            MapMin = levels * (0.5f - span),
            MapMax = levels * (0.5f + span),
            DetectionMin = 0.5f - span,
            DetectionMax = 0.5f + span,
            Threshold = 0.5,
            MapThreshold = levels * 0.5f,
            MapShare = 0,
            MapLimit = levels,
        };

    /// <summary>
    /// The combined score (specification 4.3.2): half the map maximum plus half the detection score; for medical images the map maximum
    /// alone; with <see cref="MapShare"/> that share of both.
    /// </summary>
    /// <returns>About 0 to 1; outside this range if the image is outside the calibrated range.</returns>
    public double Raw(float mapMax, float detection, Domain domain)
    {
        double map = ((double)mapMax - MapMin) / ((double)MapMax - MapMin);
        double whole = ((double)detection - DetectionMin) / ((double)DetectionMax - DetectionMin);
        double share = MapShare ?? (domain == Domain.Medical ? 1 : 0.5);
        return share * map + (1 - share) * whole;
    }

    /// <summary>
    /// Rescales a raw score so that any threshold becomes 0.5. Below the threshold it is linear, with a minimum of 0. Above the threshold
    /// it is linear up to 0.9 at a raw score of 1; beyond that it is 1 - 0.1 / x, with x = (raw - threshold) / (1 - threshold). Above the
    /// threshold, a higher raw score always gives a higher result.
    /// </summary>
    /// <param name="threshold">Raw score that becomes 0.5; above 0 and below 1.</param>
    public static double Calibrated(double raw, double threshold)
    {
        if (raw < threshold)
            return Math.Max(0, 0.5 * raw / threshold);
        double above = (raw - threshold) / (1 - threshold);
        return above <= 1 ? 0.5 + (CalibratedEnd - 0.5) * above : 1 - (1 - CalibratedEnd) / above;
    }

    /// <summary>Scale of the heatmaps: the map threshold always has the same colour.</summary>
    [JsonIgnore]
    public HeatmapOptions HeatmapScale =>
        HeatmapOptions.Spanning(
            MapMin,
            MapThreshold,
            Math.Min(
                Math.Max(MapMax, MapThreshold + RoomAbove * (MapThreshold - MapMin)),
                MapLimit is { } limit && limit > MapThreshold ? limit : float.PositiveInfinity
            )
        );

    /// <summary>Throws if a number is out of range.</summary>
    /// <param name="where">What contains the calibration, for the message.</param>
    /// <exception cref="InvalidDataException">A number is out of range; the message names it.</exception>
    public void Validate(string where)
    {
        if (!(float.IsFinite(MapMin) && float.IsFinite(MapMax) && MapMin < MapMax))
            throw new InvalidDataException(
                FormattableString.Invariant(
                    $"{where} has the map range {MapMin} to {MapMax}, expected two rising numbers: calibrate again."
                )
            );
        if (!(float.IsFinite(DetectionMin) && float.IsFinite(DetectionMax) && DetectionMin < DetectionMax))
            throw new InvalidDataException(
                FormattableString.Invariant(
                    $"{where} has the detection range {DetectionMin} to {DetectionMax}, expected two rising numbers: calibrate again."
                )
            );
        if (Threshold is not (> 0 and < 1))
            throw new InvalidDataException(
                FormattableString.Invariant($"{where} has the threshold {Threshold}, expected a number between 0 and 1: calibrate again.")
            );
        if (MapShare is not (null or >= 0 and <= 1))
            throw new InvalidDataException(
                FormattableString.Invariant($"{where} has the map share {MapShare}, expected a number from 0 to 1: calibrate again.")
            );
        if (!float.IsFinite(MapThreshold))
            throw new InvalidDataException(
                FormattableString.Invariant($"{where} has the map threshold {MapThreshold}, expected a number: calibrate again.")
            );
    }
}
