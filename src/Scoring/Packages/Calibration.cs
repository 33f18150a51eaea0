using System.Text.Json.Serialization;
using AaClip.Scoring.Maps;

namespace AaClip.Scoring.Packages;

/// <summary>
/// Turns a model's numbers into a verdict that stays the same from image to image. The published protocol min–max-normalises over all
/// test images of a class (specification 4.3); a service sees one image at a time, so the minima and maxima are stored instead.
/// </summary>
public sealed record Calibration
{
    /// <summary>Half of the map's values around the neutral one, per level: a probability of 99.3 % for one anchor.</summary>
    private const float NeutralSpan = 2.5f;

    /// <summary>
    /// Room that heatmaps leave above the threshold: so many times what lies below it. Calibrated from normal images alone, a scale knows
    /// no defect.
    /// </summary>
    private const float RoomAbove = 4;

    /// <summary>What a raw score of 1, the upper end of the scale, becomes; what is worse comes nearer to 1 and never reaches it.</summary>
    private const double CalibratedEnd = 0.9;

    /// <summary>Map value that becomes 0.</summary>
    public required float MapMin { get; init; }

    /// <summary>Map value that becomes 1; above <see cref="MapMin"/>.</summary>
    public required float MapMax { get; init; }

    /// <summary>Detection score that becomes 0.</summary>
    public required float DetectionMin { get; init; }

    /// <summary>Detection score that becomes 1; above <see cref="DetectionMin"/>.</summary>
    public required float DetectionMax { get; init; }

    /// <summary>Raw scores from here on are anomalous; between 0 and 1, ends excluded.</summary>
    public required double Threshold { get; init; }

    /// <summary>Map values from here on belong to an anomalous region; between <see cref="MapMin"/> and <see cref="MapMax"/>.</summary>
    public required float MapThreshold { get; init; }

    /// <summary>Whether this is <see cref="Neutral"/>: nobody has calibrated the class.</summary>
    [JsonIgnore]
    public bool IsNeutral => this == Neutral((int)(2 * MapThreshold));

    /// <summary>
    /// The scale of a model that nobody has calibrated: the threshold is where a patch is as near to the one anchor as to the other.
    /// Good for looking, not for deciding.
    /// </summary>
    /// <param name="levels">Number of levels summed in the map; each adds 0.5 at equal distance.</param>
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

    /// <summary>
    /// The combined score (specification 4.3.2): half map maximum and half detection, or for medical images the map maximum alone.
    /// </summary>
    /// <returns>About 0 to 1; beyond, where an image leaves the calibrated range.</returns>
    public double Raw(float mapMax, float detection, Domain domain)
    {
        double map = ((double)mapMax - MapMin) / ((double)MapMax - MapMin);
        double whole = ((double)detection - DetectionMin) / ((double)DetectionMax - DetectionMin);
        return domain == Domain.Medical ? map : 0.5 * map + 0.5 * whole;
    }

    /// <summary>
    /// A raw score on a scale where 0.5 is the threshold, whatever it is: linear below it, down to 0; linear above it, up to 0.9 at a raw
    /// score of 1; then 1 - 0.1 / x, x times as far above the threshold as 1 is. Of two scores above the threshold the higher one stays the
    /// higher one.
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
        HeatmapOptions.Spanning(MapMin, MapThreshold, Math.Max(MapMax, MapThreshold + RoomAbove * (MapThreshold - MapMin)));

    /// <summary>Throws unless the numbers can be used.</summary>
    /// <param name="where">What holds them, for the message.</param>
    /// <exception cref="InvalidDataException">Names the value that is wrong.</exception>
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
        if (!float.IsFinite(MapThreshold))
            throw new InvalidDataException(
                FormattableString.Invariant($"{where} has the map threshold {MapThreshold}, expected a number: calibrate again.")
            );
    }
}
