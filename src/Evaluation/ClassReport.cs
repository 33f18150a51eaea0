using AaClip.Evaluation.Metrics;

namespace AaClip.Evaluation;

/// <summary>Metrics of a model on the images of one class, 0 to 1; null where a metric is not defined.</summary>
public sealed record ClassReport
{
    /// <summary>Name of the class, as in prompts.</summary>
    public required string ClassName { get; init; }

    /// <summary>Number of normal images.</summary>
    public required int Normal { get; init; }

    /// <summary>Number of anomalous images.</summary>
    public required int Anomalous { get; init; }

    /// <summary>Pixel metrics: maps against masks, at the model's input size.</summary>
    public required PixelMetrics Pixels { get; init; }

    /// <summary>Masks that do not show which pixels are anomalous; their images count only for the image metrics.</summary>
    public IReadOnlyList<UnusedMask> UnusedMasks { get; init; } = [];

    /// <summary>
    /// Image metrics by the published protocol: map maximum and detection score are first scaled to 0…1 over all test images of the class.
    /// </summary>
    public required ImageMetrics Published { get; init; }

    /// <summary>Image metrics by the score that a service gives each image alone, with the package's calibration.</summary>
    public required ImageMetrics PerImage { get; init; }

    /// <summary>The images with their scores.</summary>
    public required IReadOnlyList<ScoredImage> Images { get; init; }
}

/// <summary>Image metrics, 0 to 1; null if all images have the same label.</summary>
/// <param name="Auroc">Area under the ROC curve.</param>
/// <param name="Ap">Average precision.</param>
/// <param name="F1Max">Largest F1.</param>
/// <param name="F1Threshold">The threshold of that F1; images with this score or more count as anomalous.</param>
public sealed record ImageMetrics(double? Auroc, double? Ap, double? F1Max, double? F1Threshold)
{
    /// <summary>Computes the metrics of a ranking.</summary>
    public static ImageMetrics Of(Ranking ranking)
    {
        if (!ranking.Defined)
            return new ImageMetrics(null, null, null, null);
        (double f1, float threshold) = ranking.F1Max();
        return new ImageMetrics(ranking.Auroc(), ranking.AveragePrecision(), f1, threshold);
    }
}

/// <summary>An image with its scores.</summary>
/// <param name="Path">Path of the file.</param>
/// <param name="Anomalous">Its label: true for anomalous.</param>
/// <param name="MapMax">Largest value of its final map.</param>
/// <param name="Detection">The model's score of the whole image.</param>
/// <param name="Raw">Both combined with the package's calibration.</param>
/// <param name="Published">Both combined by the published protocol.</param>
public sealed record ScoredImage(string Path, bool Anomalous, float MapMax, float Detection, double Raw, double Published);
