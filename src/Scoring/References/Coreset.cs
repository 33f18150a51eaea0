using System.Numerics.Tensors;

namespace AaClip.Scoring.References;

/// <summary>
/// Chooses some of many vectors so that each other one is near to a chosen one: greedy k-center (Gonzalez, 1985), as PatchCore does (arXiv
/// 2106.08265). Distances are taken between random projections, which keep them nearly (Johnson and Lindenstrauss, 1984). The same
/// vectors in the same order always give the same choice.
/// </summary>
internal static class Coreset
{
    /// <summary>Called with the index of a vector.</summary>
    public delegate ReadOnlySpan<float> Vector(int index);

    private const int Projected = 128; // numbers of a projected vector
    private const int Seed = 1;

    /// <summary>Chooses vectors.</summary>
    /// <param name="count">Number of vectors.</param>
    /// <param name="width">Numbers of a vector.</param>
    /// <param name="keep">How many are chosen, at most <paramref name="count"/>.</param>
    /// <returns>Their indices, in rising order.</returns>
    public static int[] Choose(int count, int width, Vector vector, int keep)
    {
        int size = Math.Min(width, Projected);
        float[] points = Project(count, width, vector, size); // [count, size]
        float[] least = new float[count]; // distance to the nearest chosen one
        Array.Fill(least, float.PositiveInfinity);

        // The first is the one farthest from the mean
        float[] mean = new float[size];
        for (int i = 0; i < count; i++)
            TensorPrimitives.Add(mean, points.AsSpan(i * size, size), mean);
        TensorPrimitives.Divide(mean, count, mean);
        int next = Enumerable.Range(0, count).MaxBy(i => TensorPrimitives.Distance(points.AsSpan(i * size, size), mean));
        int[] chosen = new int[keep];
        for (int k = 0; k < keep; k++)
        {
            chosen[k] = next;
            int at = next;
            Parallel.For(
                0,
                (count + 1023) / 1024,
                block =>
                {
                    ReadOnlySpan<float> centre = points.AsSpan(at * size, size);
                    for (int i = block * 1024; i < Math.Min(count, (block + 1) * 1024); i++)
                    {
                        float distance = TensorPrimitives.Distance(points.AsSpan(i * size, size), centre);
                        least[i] = Math.Min(least[i], distance);
                    }
                }
            );
            least[at] = -1; // not again, also among equal vectors
            next = TensorPrimitives.IndexOfMax(least);
        }

        Array.Sort(chosen);
        return chosen;
    }

    private static float[] Project(int count, int width, Vector vector, int size)
    {
        float[] points = new float[count * size];
        if (size == width)
        {
            for (int i = 0; i < count; i++)
                vector(i).CopyTo(points.AsSpan(i * size));
            return points;
        }

        Random random = new(Seed);
        float[] axes = new float[size * width]; // signs: as good as a Gaussian (Achlioptas, 2003)
        for (int i = 0; i < axes.Length; i++)
            axes[i] = random.Next(2) == 0 ? -1 : 1;
        Parallel.For(
            0,
            count,
            i =>
            {
                ReadOnlySpan<float> values = vector(i);
                for (int axis = 0; axis < size; axis++)
                    points[i * size + axis] = TensorPrimitives.Dot(values, axes.AsSpan(axis * width, width));
            }
        );
        return points;
    }
}
