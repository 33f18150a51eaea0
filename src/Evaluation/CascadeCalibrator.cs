using AaClip.Evaluation.Metrics;

namespace AaClip.Evaluation;

/// <summary>What a cascade may settle.</summary>
/// <param name="Settles">Images with a lower score of the first model are settled.</param>
/// <param name="Missed">Given images that are settled although the full model calls them anomalous.</param>
/// <param name="Given">Given images that the full model calls anomalous.</param>
/// <param name="Bound">
/// With the chosen confidence, at most this share of new images that the full model calls anomalous is settled.
/// </param>
public sealed record CascadeLimit(double Settles, int Missed, int Given, double Bound);

/// <summary>Chooses what the first model of a cascade settles, from its scores of images that the full model calls anomalous.</summary>
public static class CascadeCalibrator
{
    /// <summary>The share of all calibrations whose bound holds.</summary>
    public const double Confidence = 0.95;

    /// <summary>
    /// The largest limit whose bound is at most <paramref name="miss"/>. The limit is the k-th smallest of n scores. The share of all
    /// such images below it has a distribution that does not depend on that of the scores: Beta(k, n − k + 1) if no scores are equal, and
    /// smaller values otherwise. Its 95 % quantile is the upper bound of Clopper and Pearson for k − 1 misses in n images, and k depends
    /// on n alone. So the bound holds for every n and every distribution, if the images are drawn as later ones will be. With fewer than
    /// <see cref="Needed"/> images the smallest score is the limit, and the bound is larger.
    /// </summary>
    /// <param name="anomalous">Scores of the first model, one for each image that the full model calls anomalous.</param>
    /// <param name="miss">Above 0 and below 1.</param>
    /// <param name="most">The largest limit, chosen without these images: a lower limit settles less, so the bound holds for it, too.</param>
    /// <exception cref="ArgumentException">There are no scores.</exception>
    public static CascadeLimit Limit(IReadOnlyList<double> anomalous, double miss, double most = double.PositiveInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(miss);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(miss, 1);
        int count = anomalous.Count;
        if (count == 0)
            throw new ArgumentException("The full model calls none of the images anomalous: give images of defects.", nameof(anomalous));
        int below = 0; // k - 1
        while (below + 1 < count && Binomial.UpperBound(below + 1, count, Confidence) <= miss)
            below++;
        double settles = Math.Min(anomalous.Order().ElementAt(below), most);
        return new CascadeLimit(settles, anomalous.Count(s => s < settles), count, Binomial.UpperBound(below, count, Confidence));
    }

    /// <summary>How many images that the full model calls anomalous a bound needs at least.</summary>
    /// <param name="miss">Above 0 and below 1.</param>
    public static int Needed(double miss) => (int)Math.Ceiling(Math.Log(1 - Confidence) / Math.Log(1 - miss));

    /// <summary>How many times as many images a cascade scores in the same time as the full model alone.</summary>
    /// <param name="first">Time of the first model for an image.</param>
    /// <param name="full">Time of the full model for an image, in the same unit.</param>
    /// <param name="settled">Share of images that the first model settles, 0 to 1.</param>
    public static double SpeedUp(double first, double full, double settled) => full / (first + (1 - settled) * full);
}
