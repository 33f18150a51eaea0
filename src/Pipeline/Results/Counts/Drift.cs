namespace AaClip.Pipeline.Results.Counts;

/// <summary>
/// How much the scores of a camera have moved: the population stability index (Siddiqi, "Credit Risk Scorecards", Wiley 2006, chapter 9;
/// its distribution: Yurdakul and Naranjo, "Statistical properties of the population stability index", Journal of Risk Model Validation
/// 14(4), 2020). By the usual rule of thumb, below 0.1 nothing has changed, and from 0.25 on much has.
/// </summary>
public static class Drift
{
    /// <summary>From here on, a change is worth a look.</summary>
    public const double Moderate = 0.1;

    /// <summary>From here on, the change is large.</summary>
    public const double Large = 0.25;

    /// <summary>
    /// Fewest scores on either side. Without a change, the index of n and m scores in k groups is (k − 1)(1/n + 1/m) on the average: 0.09
    /// for ten groups of 200 and 200.
    /// </summary>
    public const int MinScores = 200;

    private const int Groups = 10;
    private const double Smoothing = 0.5; // added to each group, so that an empty one gives no infinity

    /// <summary>
    /// The sum over groups of (a − e) ln(a / e), where e and a are the shares of the reference and of the recent scores. Groups are the
    /// deciles of the reference as far as its bins allow; the first and the last are open. Where one bin holds all of the reference, the
    /// groups are that bin, and what lies below and above it.
    /// </summary>
    /// <returns>0 or more; null where either side has less than <see cref="MinScores"/>.</returns>
    public static double? Index(ScoreBins reference, ScoreBins recent)
    {
        if (reference.Total < MinScores || recent.Total < MinScores)
            return null;
        int[] ends = Deciles(reference);
        double[] expected = Shares(reference, ends),
            actual = Shares(recent, ends);
        return expected.Zip(actual, (e, a) => (a - e) * Math.Log(a / e)).Sum();
    }

    // The bin after each group.
    private static int[] Deciles(ScoreBins bins)
    {
        long total = bins.Total,
            below = 0;
        int closed = 0; // deciles that are behind
        List<int> ends = [];
        for (int i = 0; i < ScoreBins.Count; i++)
        {
            below += bins.Counts[i];
            int decile = (int)(below * Groups / total);
            if (decile == closed || below == total)
                continue;
            closed = decile;
            ends.Add(i + 1);
        }

        if (ends.Count == 0)
        {
            int first = Enumerable.Range(0, ScoreBins.Count).First(i => bins.Counts[i] > 0),
                last = Enumerable.Range(0, ScoreBins.Count).Last(i => bins.Counts[i] > 0);
            ends.AddRange([first, last + 1]);
        }

        ends.Add(ScoreBins.Count);
        return [.. ends];
    }

    private static double[] Shares(ScoreBins bins, int[] ends)
    {
        double all = bins.Total + Smoothing * ends.Length;
        double[] shares = new double[ends.Length];
        int bin = 0;
        for (int group = 0; group < ends.Length; group++)
        {
            double count = Smoothing;
            for (; bin < ends[group]; bin++)
                count += bins.Counts[bin];
            shares[group] = count / all;
        }

        return shares;
    }
}
