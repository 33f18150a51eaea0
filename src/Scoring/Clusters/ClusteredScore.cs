using System.Numerics.Tensors;

namespace AaClip.Scoring.Clusters;

/// <summary>
/// AdaCLIP's image score: 0.2 of a summary of the most anomalous patches is mixed into the class feature, which is then compared with the
/// anchors. The summary is the mean of the centres of k-means. The published code starts k-means at random, so that it gives another score
/// each time; here the start is fixed.
/// </summary>
internal static class ClusteredScore
{
    /// <summary>Most anomalous patches for each cluster.</summary>
    public const int PatchesPerCluster = 5;

    private const float SummaryShare = 0.2f;

    /// <summary>Scores an image.</summary>
    /// <param name="patches">
    /// [n, levels·E], the most anomalous first: the features of a patch at all levels. The first five for each cluster are used.
    /// </param>
    /// <param name="whole">[E], of norm 1: the class feature.</param>
    /// <param name="difference">[E]: T_abnormal − T_normal.</param>
    /// <param name="clusters">Number of clusters, at least 1.</param>
    /// <param name="temperature">Of the softmax.</param>
    /// <returns>The probability of the abnormal anchor, 0 to 1.</returns>
    public static float Score(
        ReadOnlySpan<float> patches,
        int levels,
        ReadOnlySpan<float> whole,
        ReadOnlySpan<float> difference,
        int clusters,
        double temperature
    )
    {
        int width = levels * whole.Length;
        patches = patches[..Math.Min(patches.Length, clusters * PatchesPerCluster * width)];
        int[] labels = KMeans.Labels(Products(patches, width), clusters);
        float[] summary = Summary(patches, labels, levels, whole.Length);
        return Probability(Mix(summary, whole), difference, temperature);
    }

    /// <summary>The mean of the clusters' centres, of norm 1. A centre is the mean of its patches at all levels.</summary>
    /// <param name="patches">[n, levels·width].</param>
    /// <param name="labels">[n]: the cluster of each patch.</param>
    /// <returns>[width].</returns>
    internal static float[] Summary(ReadOnlySpan<float> patches, ReadOnlySpan<int> labels, int levels, int width)
    {
        Dictionary<int, int> sizes = labels.ToArray().CountBy(l => l).ToDictionary();
        float[] mean = new float[width]; // up to its length
        for (int i = 0; i < labels.Length; i++)
        for (int level = 0; level < levels; level++)
            TensorPrimitives.MultiplyAdd(patches.Slice((i * levels + level) * width, width), 1f / sizes[labels[i]], mean, mean);
        return Unit(mean);
    }

    /// <summary>0.2 of the summary and 0.8 of the class feature, of norm 1.</summary>
    internal static float[] Mix(ReadOnlySpan<float> summary, ReadOnlySpan<float> whole)
    {
        float[] mixed = new float[whole.Length];
        TensorPrimitives.Multiply(whole, 1 - SummaryShare, mixed);
        TensorPrimitives.MultiplyAdd(summary, SummaryShare, mixed, mixed);
        return Unit(mixed);
    }

    /// <summary>
    /// The probability of the abnormal anchor for a feature of norm 1: a softmax of two is the sigmoid of their difference.
    /// </summary>
    internal static float Probability(ReadOnlySpan<float> feature, ReadOnlySpan<float> difference, double temperature) =>
        (float)(1 / (1 + Math.Exp(-TensorPrimitives.Dot(feature, difference) / temperature)));

    private static float[] Unit(float[] vector)
    {
        TensorPrimitives.Divide(vector, Math.Max(TensorPrimitives.Norm<float>(vector), 1e-12f), vector);
        return vector;
    }

    // The inner product of each row with each.
    internal static double[,] Products(ReadOnlySpan<float> rows, int width)
    {
        int count = rows.Length / width;
        double[,] products = new double[count, count];
        for (int i = 0; i < count; i++)
        for (int j = 0; j <= i; j++)
            products[i, j] = products[j, i] = TensorPrimitives.Dot(rows.Slice(i * width, width), rows.Slice(j * width, width));
        return products;
    }
}
