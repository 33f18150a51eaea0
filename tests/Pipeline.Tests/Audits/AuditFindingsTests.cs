using AaClip.Pipeline.Audits;
using AaClip.Scoring.Images;

namespace AaClip.Pipeline.Tests.Audits;

/// <summary>The share of normal images that an audit flags.</summary>
public sealed class AuditFindingsTests
{
    [Theory]
    [InlineData(0.2, 0)]
    [InlineData(0.2, 1)]
    [InlineData(0.5, 2)]
    public void Of_normal_images_no_more_are_flagged_than_permitted(double falseFlags, int kind)
    {
        const int Images = 60,
            Repetitions = 400;
        Random random = new(7);
        double[] shares = new double[Repetitions];
        for (int r = 0; r < Repetitions; r++)
        {
            AuditReport report = AuditReport.Of(
                Enumerable.Range(0, Images).Select(i => Image($"{r}-{i}", Rise(random, kind), Rise(random, kind))),
                falseFlags
            );
            shares[r] = (double)report.FlaggedImages / Images;
        }

        double mean = shares.Average(),
            deviation = Math.Sqrt(shares.Average(s => (s - mean) * (s - mean)) / Repetitions);
        Assert.True(mean <= falseFlags + 3 * deviation, $"{mean} ± {deviation} were flagged.");
        if (kind == 0) // no ties: the bound is nearly reached
            Assert.True(mean >= falseFlags / 2, $"{mean} were flagged.");
    }

    [Fact]
    public void The_flag_is_that_of_the_conformal_quantile()
    {
        const double FalseFlags = 0.2;
        Random random = new(3);
        AuditedImage[] images = [.. Enumerable.Range(0, 41).Select(i => Image($"{i}", Rise(random, 0), 0))];

        IReadOnlyList<AuditFinding> found = AuditFindings.Of(images, FalseFlags);

        Assert.Equal(41, found.Count);
        int[] ranks = [.. found.Select(f => f.CoverP).Select(p => (int)Math.Round(p * 21)).Order()]; // of 20 or 21 others
        Assert.True(ranks[0] >= 1);
        double[] rises = [.. found.Select(f => f.Audited.Rises!.Covered)]; // all were measured
        Assert.Equal(rises.Max(), found.First(f => f.Flagged).Audited.Rises!.Covered); // compared with all others of its other half
        Assert.All(found, f => Assert.Equal(f.CoverP <= FalseFlags / 2 || f.SmoothP <= FalseFlags / 2, f.Flagged));
        Assert.All(found, f => Assert.Equal(1, f.SmoothP)); // all are equal, so none stands out
    }

    [Fact]
    public void The_halves_do_not_depend_on_the_order_of_the_images()
    {
        Random random = new(5);
        AuditedImage[] images = [.. Enumerable.Range(0, 50).Select(i => Image($"{i}", Rise(random, 0), Rise(random, 0)))];

        IReadOnlyList<AuditFinding> forward = AuditFindings.Of(images, 0.2),
            backward = AuditFindings.Of(images.Reverse(), 0.2);

        Assert.Equal(forward, backward);
    }

    [Theory]
    [InlineData(0.04, 49)]
    [InlineData(0.02, 99)]
    [InlineData(0.1, 19)]
    [InlineData(0.5, 3)]
    [InlineData(0.3, 6)]
    public void Too_few_images_are_an_error_that_says_how_many_are_needed(double falseFlags, int half)
    {
        AuditedImage[] images = [.. Enumerable.Range(0, 2 * half).Select(i => Image($"{i}", i, i))];

        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            AuditFindings.Of([.. images[1..], new AuditedImage("failed", "0x1", AuditedImage.Failed, null, "why")], falseFlags)
        );

        Assert.Equal(
            FormattableString.Invariant(
                $"The audit has {2 * half - 1} images, but to flag at most {100 * falseFlags:0.##} % of normal ones it needs {2 * half}: "
            ) + "take a longer time, a larger share, or more false flags.",
            e.Message
        );
        Assert.Contains(AuditFindings.Of(images, falseFlags), f => f.Flagged);
    }

    // 0: all different, with a long tail; 1: many equal; 2: all equal
    private static double Rise(Random random, int kind) =>
        kind switch
        {
            0 => -Math.Log(1 - random.NextDouble()),
            1 => random.Next(5),
            _ => 0,
        };

    private static AuditedImage Image(string name, double covered, double smoothed) =>
        new(name, "0x1", AuditedImage.Audited, new Rises(0.5, covered, new ImageCell(0, 0, 1, 1), smoothed, "mean"));
}
