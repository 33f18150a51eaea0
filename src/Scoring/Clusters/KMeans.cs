namespace AaClip.Scoring.Clusters;

/// <summary>
/// k-means with a fixed seed: the same points give the same clusters. Of ten starts (k-means++) the one with the smallest sum of squared
/// distances is taken. It needs only the products of the points, so that a round does not depend on their width.
/// </summary>
internal static class KMeans
{
    private const int Seed = 0;
    private const int Starts = 10;
    private const int MostRounds = 300;

    /// <summary>Divides points into clusters.</summary>
    /// <param name="products">[n, n], n at least 1: the inner product of each point with each.</param>
    /// <param name="clusters">Number of clusters, at least 1. There are fewer if there are fewer different points.</param>
    /// <returns>[n]: the cluster of each point, below <paramref name="clusters"/>. A number may have no points.</returns>
    public static int[] Labels(double[,] products, int clusters)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clusters);
        Random random = new(Seed);
        int[] best = [];
        double least = double.PositiveInfinity;
        for (int start = 0; start < Starts; start++)
        {
            (int[] labels, double sum) = Converge(products, FirstCentres(products, clusters, random));
            if (best.Length > 0 && sum >= least)
                continue;
            (best, least) = (labels, sum);
        }

        return best;
    }

    // k-means++: each further centre is a point, drawn by its squared distance to the nearest centre so far.
    private static List<int> FirstCentres(double[,] products, int clusters, Random random)
    {
        int count = products.GetLength(0);
        List<int> centres = [random.Next(count)];
        double[] nearest = new double[count];
        Array.Fill(nearest, double.PositiveInfinity);
        while (true)
        {
            int last = centres[^1];
            for (int i = 0; i < count; i++)
                nearest[i] = Math.Min(nearest[i], Math.Max(0, products[i, i] + products[last, last] - 2 * products[i, last]));
            double left = random.NextDouble() * nearest.Sum();
            if (centres.Count == clusters || left <= 0)
                return centres; // enough, or every point is a centre already
            int drawn = 0;
            while (drawn < count - 1 && (left -= nearest[drawn]) >= 0)
                drawn++;
            centres.Add(drawn);
        }
    }

    // Lloyd's rounds: a point goes to the nearest centre, a centre to the mean of its points.
    private static (int[] Labels, double Sum) Converge(double[,] products, List<int> centres)
    {
        int count = products.GetLength(0);
        int[] labels = new int[count];
        int[][] members = [.. centres.Select(c => new[] { c })];
        for (int round = 0; ; round++)
        {
            (int[] next, double sum) = Nearest(products, members);
            if (round == MostRounds || (round > 0 && next.AsSpan().SequenceEqual(labels)))
                return (next, sum);
            labels = next;
            members = [.. centres.Select((_, c) => Enumerable.Range(0, count).Where(i => next[i] == c).ToArray())];
        }
    }

    private static (int[] Labels, double Sum) Nearest(double[,] products, int[][] members)
    {
        int count = products.GetLength(0);
        int[] labels = new int[count];
        double[] distances = new double[count];
        Array.Fill(distances, double.PositiveInfinity);
        for (int c = 0; c < members.Length; c++)
        {
            double size = members[c].Length;
            if (size == 0)
                continue;
            double own = members[c].Sum(i => members[c].Sum(j => products[i, j])) / (size * size); // of the centre with itself
            for (int i = 0; i < count; i++)
            {
                double distance = products[i, i] - 2 * members[c].Sum(j => products[i, j]) / size + own;
                if (distance < distances[i])
                    (distances[i], labels[i]) = (distance, c);
            }
        }

        return (labels, distances.Sum());
    }
}
