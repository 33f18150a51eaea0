namespace AaClip.Bench;

/// <summary>Compares the maps of two measurements on the same images.</summary>
internal static class Agreement
{
    /// <summary>Largest difference of a map cell, relative to the largest value range of a map in the first measurement.</summary>
    public static double MapError(Measurement exact, Measurement other)
    {
        double scale = exact.Maps.Max(m => m.Max() - m.Min());
        return exact.Maps.Zip(other.Maps).Max(p => p.First.Zip(p.Second).Max(v => Math.Abs(v.First - v.Second))) / scale;
    }

    /// <summary>Rank correlation (Spearman) of the cells of a map; the lowest of all images.</summary>
    public static double Ranks(Measurement exact, Measurement other) => exact.Maps.Zip(other.Maps).Min(p => Spearman(p.First, p.Second));

    private static double Spearman(float[] a, float[] b)
    {
        double squares = Ranked(a).Zip(Ranked(b)).Sum(p => (p.First - p.Second) * (p.First - p.Second));
        return 1 - 6 * squares / (a.Length * ((double)a.Length * a.Length - 1));
    }

    private static double[] Ranked(float[] values)
    {
        double[] ranks = new double[values.Length];
        foreach ((int rank, int i) in Enumerable.Range(0, values.Length).OrderBy(i => values[i]).Index())
            ranks[i] = rank;
        return ranks;
    }
}
