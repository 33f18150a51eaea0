namespace AaClip.Evaluation.Metrics;

/// <summary>
/// AUPRO, the per-region overlap (Bergmann et al., MVTec AD): the mean covered share of the anomalous regions as a function of the false
/// positive rate of normal pixels, up to a rate of 0.3. Large and small regions have the same weight.
/// </summary>
public static class RegionOverlap
{
    /// <summary>False positive rate at which the curve ends.</summary>
    public const double Limit = 0.3;

    /// <summary>
    /// Exact AUPRO: one point for each distinct score (pixels at or above it count), starting at (0, 0); trapezoids up to 0.3, with linear
    /// interpolation at 0.3; divided by 0.3.
    /// </summary>
    /// <param name="ranking">Scores of anomalous and normal pixels.</param>
    /// <param name="sizes">
    /// For each anomalous pixel, in the order of <see cref="Ranking.Positives"/>, the size of its region in pixels.
    /// </param>
    /// <param name="regions">Number of regions.</param>
    public static double Exact(Ranking ranking, ReadOnlyMemory<float> sizes, int regions)
    {
        if (!ranking.Defined)
            return double.NaN;
        double negatives = ranking.Negatives.Length,
            area = 0,
            covered = 0,
            lastFpr = 0,
            lastPro = 0;
        foreach (Threshold t in ranking.Thresholds())
        {
            for (int i = t.Positives - t.NewPositives; i < t.Positives; i++)
                covered += Share(sizes.Span[i]);
            double fpr = t.Negatives / negatives,
                pro = covered / regions;
            if (fpr >= Limit)
            {
                double at = fpr == lastFpr ? pro : lastPro + (pro - lastPro) * (Limit - lastFpr) / (fpr - lastFpr);
                area += (Limit - lastFpr) * (lastPro + at) / 2;
                return area / Limit;
            }

            area += (fpr - lastFpr) * (lastPro + pro) / 2;
            (lastFpr, lastPro) = (fpr, pro);
        }

        return area / Limit;
    }

    /// <summary>
    /// The variant common in related repositories: 200 equidistant thresholds from the smallest score to the largest, which is excluded;
    /// pixels strictly above a threshold count; points with a rate below 0.3, rescaled to 0…1 by the first and last of these rates;
    /// trapezoids.
    /// </summary>
    public static double Of200Thresholds(Ranking ranking, ReadOnlyMemory<float> sizes, int regions)
    {
        if (!ranking.Defined)
            return double.NaN;
        const int Steps = 200;
        ReadOnlySpan<float> positives = ranking.Positives,
            negatives = ranking.Negatives;
        double least = Math.Min(positives[^1], negatives[^1]),
            most = Math.Max(positives[0], negatives[0]);
        double step = (most - least) / Steps,
            covered = 0;
        List<(double Fpr, double Pro)> points = []; // in ascending order of rate
        int p = 0,
            n = 0;
        for (int i = Steps - 1; i >= 0; i--)
        {
            double threshold = least + i * step;
            for (; p < positives.Length && positives[p] > threshold; p++)
                covered += Share(sizes.Span[p]);
            while (n < negatives.Length && negatives[n] > threshold)
                n++;
            double fpr = (double)n / negatives.Length;
            if (fpr < Limit)
                points.Add((fpr, covered / regions));
        }

        if (points.Count < 2 || points[^1].Fpr == points[0].Fpr)
            return double.NaN;
        // Same order as in the related code: for equal rates, the larger overlap first
        points = [.. points.OrderBy(p => p.Fpr).ThenByDescending(p => p.Pro)];
        double area = 0,
            width = points[^1].Fpr - points[0].Fpr;
        for (int i = 1; i < points.Count; i++)
            area += (points[i].Fpr - points[i - 1].Fpr) / width * (points[i].Pro + points[i - 1].Pro) / 2;
        return area;
    }

    // Computed from the size in double: a float holds sizes up to 2²⁴ exactly, but not their inverse.
    private static double Share(float size) => 1.0 / size;
}
