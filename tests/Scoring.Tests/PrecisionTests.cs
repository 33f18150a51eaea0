using System.Globalization;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Tests;

namespace AaClip.Scoring.Tests;

/// <summary>
/// How far the small precisions stray from float32, over 64 drawn pictures. The limits are about twice what was measured.
/// </summary>
public sealed class PrecisionTests(ITestOutputHelper output)
{
    private const int Count = 64;

    /// <param name="kernel">Null for the one that this machine takes.</param>
    [Theory]
    [InlineData(Precision.Fp16, null, false, 0.002, 0.999)]
    [InlineData(Precision.Int8, null, false, 0.03, 0.995)]
    [InlineData(Precision.Int8, Int8Kernel.U8U8, false, 0.03, 0.995)]
    [InlineData(Precision.Fp16, null, true, 0.002, 0.999)]
    [InlineData(Precision.Int8, null, true, 0.03, 0.995)]
    [InlineData(Precision.Int8, Int8Kernel.U8U8, true, 0.03, 0.995)]
    public void Maps_stay_near_and_images_keep_their_order(
        Precision precision,
        Int8Kernel? kernel,
        bool reference,
        double mapLimit,
        double rankLimit
    )
    {
        ImageScore[] exact = Scores(reference ? TinyPackage.Reference() : TinyPackage.Random());
        ImageScore[] found = Scores(reference ? TinyPackage.Reference(precision) : TinyPackage.Random(precision), kernel);

        float[] all = [.. exact.SelectMany(s => s.Map.Raw.ToArray())];
        float spread = all.Max() - all.Min();
        double worst =
            exact.Zip(found).Max(p => p.First.Map.Raw.ToArray().Zip(p.Second.Map.Raw.ToArray()).Max(v => Math.Abs(v.First - v.Second)))
            / spread;
        double maps = Spearman([.. exact.Select(s => s.MapMax)], [.. found.Select(s => s.MapMax)]);
        double detections = Spearman([.. exact.Select(s => s.Detection)], [.. found.Select(s => s.Detection)]);
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{precision} {kernel?.ToString() ?? $"({Int8Probe.ForThisMachine} here)"} {(reference ? "reference" : "random")}: "
                    + $"largest map error {worst:P2} of the spread {spread:g3}, rank agreement of map maxima {maps:F5}, of "
                    + $"detections {detections:F5}"
            )
        );

        Assert.InRange(worst, double.Epsilon, mapLimit); // not zero: it would be float32
        Assert.InRange(maps, rankLimit, 1);
        Assert.InRange(detections, rankLimit, 1);
    }

    [Fact]
    public void Signed_and_unsigned_weights_give_the_same_bits()
    {
        Assert.SkipUnless(
            Int8Probe.ForThisMachine == Int8Kernel.U8S8,
            "This processor sums signed byte products with loss: only unsigned weights are exact."
        );

        ImageScore[] signed = Scores(TinyPackage.Random(Precision.Int8), Int8Kernel.U8S8);
        ImageScore[] unsigned = Scores(TinyPackage.Random(Precision.Int8), Int8Kernel.U8U8);

        Assert.Equal(signed.SelectMany(s => s.Map.Raw.ToArray()), unsigned.SelectMany(s => s.Map.Raw.ToArray()));
        Assert.Equal(signed.Select(s => s.Detection), unsigned.Select(s => s.Detection));
    }

    private static ImageScore[] Scores(string package, Int8Kernel? kernel = null)
    {
        ScorerOptions options = new()
        {
            Provider = Provider.Cpu,
            CacheFolder = TinyPackage.Cache,
            Int8Kernel = kernel,
        };
        using AnomalyScorer scorer = AnomalyScorer.Load(package, options);
        return [.. Enumerable.Range(0, Count).Select(i => scorer.Score(Pictures.Draw(i), "bottle"))];
    }

    // Correlation of ranks; drawn pictures give no ties.
    private static double Spearman(float[] a, float[] b)
    {
        double[] x = Ranks(a),
            y = Ranks(b);
        double squares = x.Zip(y).Sum(p => (p.First - p.Second) * (p.First - p.Second));
        return 1 - 6 * squares / (a.Length * ((double)a.Length * a.Length - 1));
    }

    private static double[] Ranks(float[] values)
    {
        double[] ranks = new double[values.Length];
        foreach ((int rank, int i) in Enumerable.Range(0, values.Length).OrderBy(i => values[i]).Index())
            ranks[i] = rank;
        return ranks;
    }
}
