using AaClip.Scoring.References;

namespace AaClip.Scoring.Tests;

public sealed class CoresetTests
{
    private const int Width = 200;

    [Fact]
    public void Every_vector_is_near_to_a_chosen_one()
    {
        // Twenty groups of very different sizes: of a choice by chance, the small ones would be missing
        Random random = new(3);
        List<float[]> vectors = [];
        for (int group = 0; group < 20; group++)
        {
            float[] centre = [.. Enumerable.Range(0, Width).Select(_ => (float)(random.NextDouble() - 0.5))];
            for (int i = 0; i < (group % 2 == 0 ? 100 : 1); i++)
                vectors.Add([.. centre.Select(c => c + 0.01f * (float)(random.NextDouble() - 0.5))]);
        }

        int[] chosen = Coreset.Choose(vectors.Count, Width, i => vectors[i], 20);

        Assert.Equal(20, chosen.Distinct().Count());
        Assert.Equal(chosen.Order(), chosen);
        Assert.All(vectors, v => Assert.True(chosen.Min(c => Distance(v, vectors[c])) < 0.2));
        Assert.Equal(chosen, Coreset.Choose(vectors.Count, Width, i => vectors[i], 20));
    }

    [Fact]
    public void Equal_vectors_are_chosen_once_each()
    {
        float[] one = [.. Enumerable.Repeat(0.1f, Width)];

        Assert.Equal([0, 1, 2, 3], Coreset.Choose(4, Width, _ => one, 4));
    }

    private static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b).Sum(p => Math.Pow(p.First - p.Second, 2)));
}
