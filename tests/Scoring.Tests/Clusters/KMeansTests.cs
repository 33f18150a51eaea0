using AaClip.Scoring.Clusters;

namespace AaClip.Scoring.Tests.Clusters;

public sealed class KMeansTests
{
    [Fact]
    public void Groups_that_lie_apart_are_found()
    {
        Random random = new(1);
        int[] groups = [.. Enumerable.Range(0, 100).Select(i => i % 20)];
        float[] points = [.. groups.SelectMany(g => new[] { 10f * (g % 5) + random.NextSingle(), 10f * (g / 5) + random.NextSingle(), 3 })];

        int[] labels = Labels(points, 3, 20);

        Assert.Equal(20, labels.Distinct().Count());
        foreach (IGrouping<int, int> group in Enumerable.Range(0, 100).GroupBy(i => groups[i]))
            Assert.Single(group.Select(i => labels[i]).Distinct());
    }

    [Fact]
    public void The_same_points_give_the_same_labels()
    {
        Random random = new(2);
        float[] points = [.. Enumerable.Range(0, 100 * 32).Select(_ => random.NextSingle())];

        int[] labels = Labels(points, 32, 20);

        Assert.Equal(labels, Labels(points, 32, 20));
        Assert.All(labels, l => Assert.InRange(l, 0, 19));
    }

    [Theory]
    [InlineData(1, 20)]
    [InlineData(7, 3)]
    public void Points_that_coincide_are_one_cluster(int count, int clusters)
    {
        float[] points = [.. Enumerable.Repeat(new[] { 0.6f, 0.8f }, count).SelectMany(p => p)];

        Assert.Single(Labels(points, 2, clusters).Distinct());
    }

    [Fact]
    public void With_as_many_clusters_as_points_each_is_alone() =>
        Assert.Equal(4, Labels([0, 0, 1, 0, 0, 1, 1, 1], 2, 4).Distinct().Count());

    [Fact]
    public void Values_that_are_no_numbers_end_too() => Assert.Equal(3, Labels([0, float.NaN, 1, 0, 0, 1], 2, 2).Length);

    private static int[] Labels(float[] points, int width, int clusters) => KMeans.Labels(ClusteredScore.Products(points, width), clusters);
}
