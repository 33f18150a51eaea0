namespace AaClip.Evaluation.Metrics;

/// <summary>
/// Sorted scores of positives and negatives, with the metrics that depend only on their ranks. Equal scores form one threshold, as in
/// scikit-learn. A score at or above the threshold counts as positive.
/// </summary>
public sealed class Ranking
{
    private readonly float[] _positives; // in descending order
    private readonly float[] _negatives; // in descending order

    /// <summary>Sorts both arrays in place, and keeps them.</summary>
    /// <exception cref="ArgumentException">A score is NaN.</exception>
    public Ranking(float[] positives, float[] negatives)
    {
        _positives = Sorted(positives, nameof(positives));
        _negatives = Sorted(negatives, nameof(negatives));
    }

    /// <summary>True if there are positives and negatives; otherwise no metric is defined.</summary>
    public bool Defined => _positives.Length > 0 && _negatives.Length > 0;

    /// <summary>Scores of the positives, in descending order.</summary>
    public ReadOnlySpan<float> Positives => _positives;

    /// <summary>Scores of the negatives, in descending order.</summary>
    public ReadOnlySpan<float> Negatives => _negatives;

    /// <summary>Makes a ranking from scores with labels.</summary>
    public static Ranking Of(IReadOnlyList<float> scores, IReadOnlyList<bool> labels)
    {
        return new Ranking([.. scores.Where((_, i) => labels[i])], [.. scores.Where((_, i) => !labels[i])]);
    }

    /// <summary>Area under the ROC curve: trapezoids over distinct thresholds. NaN if not <see cref="Defined"/>.</summary>
    public double Auroc()
    {
        double area = 0; // counted in pairs; a tie counts as half
        foreach (Threshold t in Thresholds())
            area += (double)t.NewNegatives * (t.Positives - 0.5 * t.NewPositives);
        return area / ((double)_positives.Length * _negatives.Length);
    }

    /// <summary>Average precision: Σ (Rₙ − Rₙ₋₁)·Pₙ over distinct thresholds, without interpolation. NaN without positives.</summary>
    public double AveragePrecision()
    {
        double sum = 0;
        foreach (Threshold t in Thresholds())
            sum += (double)t.NewPositives * t.Positives / (t.Positives + t.Negatives);
        return sum / _positives.Length;
    }

    /// <summary>The largest F1 over distinct thresholds, and the lowest threshold that reaches it.</summary>
    public (double F1, float Threshold) F1Max()
    {
        (double best, float at) = (0, _positives.Length > 0 ? _positives[0] : float.NaN);
        foreach (Threshold t in Thresholds())
        {
            double precision = (double)t.Positives / (t.Positives + t.Negatives),
                recall = (double)t.Positives / _positives.Length;
            double f1 = precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
            if (f1 >= best)
                (best, at) = (f1, t.Score);
        }

        return (best, at);
    }

    /// <summary>
    /// Points of the ROC curve for drawing: false positive rate and true positive rate, at most <paramref name="most"/> points.
    /// </summary>
    public IReadOnlyList<(double Fpr, double Tpr)> Curve(int most = 200)
    {
        List<(double, double)> points = [(0, 0)];
        double last = 0;
        foreach (Threshold t in Thresholds())
        {
            double fpr = (double)t.Negatives / _negatives.Length,
                tpr = (double)t.Positives / _positives.Length;
            if (fpr + tpr - last < 2.0 / most && fpr + tpr < 2)
                continue;
            points.Add((fpr, tpr));
            last = fpr + tpr;
        }

        return points;
    }

    /// <summary>All distinct scores in descending order, with the counts at or above them.</summary>
    internal IEnumerable<Threshold> Thresholds()
    {
        int p = 0,
            n = 0;
        while (p < _positives.Length || n < _negatives.Length)
        {
            float score =
                p == _positives.Length ? _negatives[n]
                : n == _negatives.Length ? _positives[p]
                : Math.Max(_positives[p], _negatives[n]);
            (int oldP, int oldN) = (p, n);
            while (p < _positives.Length && _positives[p] == score)
                p++;
            while (n < _negatives.Length && _negatives[n] == score)
                n++;
            yield return new Threshold(score, p, n, p - oldP, n - oldN);
        }
    }

    private static float[] Sorted(float[] scores, string name)
    {
        ArgumentNullException.ThrowIfNull(scores, name);
        if (Array.Exists(scores, float.IsNaN))
            throw new ArgumentException("A score is not a number.", name);
        Array.Sort(scores);
        Array.Reverse(scores);
        return scores;
    }
}

/// <summary>A distinct score, with the counts at or above it.</summary>
internal readonly record struct Threshold(float Score, int Positives, int Negatives, int NewPositives, int NewNegatives);
