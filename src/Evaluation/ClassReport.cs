using AaClip.Evaluation.Metrics;

namespace AaClip.Evaluation;

/// <summary>What a model is worth on the images of one class, 0 to 1; null where a metric is not defined.</summary>
public sealed record ClassReport
{
    /// <summary>The class, as prompts name it.</summary>
    public required string ClassName { get; init; }

    /// <summary>Normal images.</summary>
    public required int Normal { get; init; }

    /// <summary>Anomalous images.</summary>
    public required int Anomalous { get; init; }

    /// <summary>Pixels against masks, at the model's size.</summary>
    public required PixelMetrics Pixels { get; init; }

    /// <summary>Masks that do not tell which pixels are anomalous; their images count for the image metrics alone.</summary>
    public IReadOnlyList<UnusedMask> UnusedMasks { get; init; } = [];

    /// <summary>
    /// Images by the published protocol: map maximum and detection are first spread to 0…1 over all test images of the class.
    /// </summary>
    public required ImageMetrics Published { get; init; }

    /// <summary>Images by the score that a service gives each of them alone, with the package's calibration.</summary>
    public required ImageMetrics PerImage { get; init; }

    /// <summary>The images, as they were scored.</summary>
    public required IReadOnlyList<ScoredImage> Images { get; init; }
}

/// <summary>Metrics over images, 0 to 1; null where only one label is there.</summary>
/// <param name="Auroc">Area under the ROC curve.</param>
/// <param name="Ap">Average precision.</param>
/// <param name="F1Max">Largest F1.</param>
/// <param name="F1Threshold">The score from which on an image counts as anomalous for that F1.</param>
public sealed record ImageMetrics(double? Auroc, double? Ap, double? F1Max, double? F1Threshold)
{
    /// <summary>Metrics of a ranking.</summary>
    public static ImageMetrics Of(Ranking ranking)
    {
        if (!ranking.Defined)
            return new ImageMetrics(null, null, null, null);
        (double f1, float threshold) = ranking.F1Max();
        return new ImageMetrics(ranking.Auroc(), ranking.AveragePrecision(), f1, threshold);
    }
}

/// <summary>An image with its scores.</summary>
/// <param name="Path">The file.</param>
/// <param name="Anomalous">Its label.</param>
/// <param name="MapMax">Largest value of its final map.</param>
/// <param name="Detection">The model's score of the whole image.</param>
/// <param name="Raw">The two combined with the package's calibration.</param>
/// <param name="Published">The two combined as the published protocol does.</param>
public sealed record ScoredImage(string Path, bool Anomalous, float MapMax, float Detection, double Raw, double Published);
