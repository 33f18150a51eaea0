namespace AaClip.Evaluation.Metrics;

/// <summary>What counts tell of a probability.</summary>
public static class Binomial
{
    private const int Halvings = 60; // to the last bit of a double

    /// <summary>
    /// The one-sided upper bound of Clopper and Pearson (Biometrika 26, 1934) on a probability: the largest p under which so few hits still
    /// have a probability of 1 − confidence. It holds for any number of draws; they must be independent.
    /// </summary>
    /// <param name="hits">How often it happened, 0 to <paramref name="all"/>.</param>
    /// <param name="all">Number of draws; without any, the bound is 1.</param>
    /// <param name="confidence">Above 0 and below 1.</param>
    /// <returns>Above hits / all, or 1.</returns>
    public static double UpperBound(int hits, int all, double confidence = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(hits);
        ArgumentOutOfRangeException.ThrowIfLessThan(all, hits);
        if (hits == all)
            return 1;
        double low = (double)hits / all,
            high = 1;
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            if (AtMost(hits, all, middle) > 1 - confidence)
                low = middle;
            else
                high = middle;
        }

        return high;
    }

    /// <summary>The probability of so many hits or more: the p-value of the exact test of "the probability is at most p".</summary>
    /// <param name="hits">0 to <paramref name="all"/>.</param>
    /// <param name="p">Above 0 and below 1.</param>
    public static double AtLeast(int hits, int all, double p)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(hits);
        ArgumentOutOfRangeException.ThrowIfLessThan(all, hits);
        return hits == 0 ? 1 : AtMost(all - hits, all, 1 - p); // misses in place of hits, so that a small result keeps its digits
    }

    // The probability of so many hits or fewer. A summand is (all choose i) p^i (1 - p)^(all - i), here by its logarithm.
    private static double AtMost(int hits, int all, double p)
    {
        double logOdds = Math.Log(p) - Math.Log(1 - p),
            summand = all * Math.Log(1 - p),
            sum = Math.Exp(summand);
        for (int i = 0; i < hits; i++)
        {
            summand += Math.Log((double)(all - i) / (i + 1)) + logOdds;
            sum += Math.Exp(summand);
        }

        return sum;
    }
}
