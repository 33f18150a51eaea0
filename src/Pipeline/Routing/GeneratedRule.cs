using AaClip.Pipeline.Contracts;
using AaClip.Scoring;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// A camera's check for generated pictures: each new image is looked at by one more model, and its result says whether a generator seems to
/// have made it. Made by <c>aaclip calibrate --check</c>.
/// </summary>
/// <param name="Model">"name@version" of a check in the models container.</param>
/// <param name="Threshold">Images with this probability or more are flagged; above 0, at most 1.</param>
/// <param name="Alpha">
/// What the calibration found, for readers: a picture of the camera is flagged with at most this probability. Above 0, at most 1; null if
/// it
/// is not calibrated.
/// </param>
/// <param name="Levels">
/// Pairs of a p-value and the probability from which it holds; p-values fall from pair to pair, probabilities rise. Null if it is not
/// calibrated.
/// </param>
public sealed record GeneratedRule(
    string Model,
    double Threshold = PictureCheck.PublishedThreshold,
    double? Alpha = null,
    IReadOnlyList<IReadOnlyList<double>>? Levels = null
)
{
    /// <summary>The part of a result of an image.</summary>
    /// <param name="probability">What the check says, 0 to 1.</param>
    public GeneratedPart Judge(double probability) =>
        new(Model, probability, PValue(probability), probability >= Threshold ? PictureOrigin.Generated : PictureOrigin.Camera, Threshold);

    // 1 below all levels. With few levels the p-value is too large, never too small.
    private double? PValue(double probability) =>
        Levels is { Count: > 0 } levels ? levels.Where(l => probability >= l[1]).Select(l => l[0]).DefaultIfEmpty(1).Min() : null;
}
