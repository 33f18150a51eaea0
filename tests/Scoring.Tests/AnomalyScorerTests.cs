using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Tests;

namespace AaClip.Scoring.Tests;

/// <summary>What a score may and may not depend on.</summary>
public sealed class AnomalyScorerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Int8)]
    public void A_score_has_the_same_bits_alone_and_in_any_company_and_order(Precision precision)
    {
        using AnomalyScorer scorer = Load(TinyPackage.Random(precision));
        ModelInput[] images = Images(scorer, 11);
        // An extreme that a shared int8 scale would show
        images[3] = scorer.Prepare(new RgbImage(20, 20, [.. Enumerable.Repeat((byte)255, 1200)]), images[3].Anchors, images[3].Domain);
        ImageScore[] alone = [.. images.Select(i => scorer.Score([i], Cancellation)[0])];

        IReadOnlyList<ImageScore> together = scorer.Score(images, Cancellation);
        IReadOnlyList<ImageScore> reversed = scorer.Score([.. images.Reverse()], Cancellation);
        IReadOnlyList<ImageScore> some = scorer.Score(images[3..6], Cancellation);

        AssertSame(alone, together);
        AssertSame(alone, [.. reversed.Reverse()]);
        AssertSame(alone[3..6], some);
    }

    // In int8 a rounding may move an activation to the next of its 255 steps, so that the noise of int8 is drawn anew: never more than int8
    // may differ from float32 (PrecisionTests, 3 % of the map's spread), always more than a rounding.
    [Theory]
    [InlineData(Precision.Fp32, 2, false, 1e-5)]
    [InlineData(Precision.Fp32, 4, false, 1e-5)]
    [InlineData(Precision.Fp32, 1, true, 1e-5)]
    [InlineData(Precision.Int8, 2, false, 3e-2)]
    [InlineData(Precision.Int8, 4, false, 3e-2)]
    [InlineData(Precision.Int8, 1, true, 1e-5)]
    public void The_number_of_threads_and_the_mapping_of_weights_change_roundings_only(
        Precision precision,
        int threads,
        bool mapped,
        double limit
    )
    {
        string package = TinyPackage.Random(precision);
        using AnomalyScorer one = Load(package, threads: 1);
        using AnomalyScorer other = Load(package, threads, mapped);
        ModelInput[] images = Images(one, 6);

        IReadOnlyList<ImageScore> expected = one.Score(images, Cancellation);
        IReadOnlyList<ImageScore> found = other.Score(images, Cancellation);

        for (int i = 0; i < images.Length; i++)
        {
            float[] map = expected[i].Map.Raw.ToArray();
            Close.Assert(map, found[i].Map.Raw, limit * (map.Max() - map.Min()), $"map {i}");
            Close.AssertRelative([expected[i].Detection], [found[i].Detection], limit, $"detection {i}");
        }
    }

    [Fact]
    public void Eight_threads_at_once_get_what_one_gets_alone()
    {
        using AnomalyScorer scorer = Load(TinyPackage.Random());
        ModelInput[] images = Images(scorer, 24);
        IReadOnlyList<ImageScore> expected = scorer.Score(images, Cancellation);
        ImageScore[] found = new ImageScore[images.Length];

        Parallel.For(
            0,
            images.Length,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation },
            i => found[i] = scorer.Score([images[i]], Cancellation)[0]
        );

        AssertSame(expected, found);
    }

    [Fact]
    public void Anchors_asked_for_by_many_threads_are_those_asked_for_by_one()
    {
        string package = TinyPackage.Random();
        using AnomalyScorer scorer = Load(package);
        using AnomalyScorer other = AnomalyScorer.Load(
            package,
            new ScorerOptions { Provider = Provider.Cpu, CacheFolder = Path.Combine(TinyPackage.Cache, "threads") }
        );
        float[][] found = new float[8][];

        Parallel.For(0, 8, i => found[i] = other.AnchorsOf(i % 2 == 0 ? "bottle" : "metal nut"));

        for (int i = 0; i < 8; i++)
            Assert.Equal(scorer.AnchorsOf(i % 2 == 0 ? "bottle" : "metal nut"), found[i]);
        Assert.NotEqual(found[0], found[1]);
    }

    [Fact]
    public async Task Cancelling_stops_before_and_during_a_run_and_leaves_the_scorer_usable()
    {
        using AnomalyScorer scorer = Load(TinyPackage.Random(size: 518));
        ModelInput[] images = Images(scorer, 1);
        ImageScore expected = scorer.Score(images, Cancellation)[0];
        ModelInput[] many = [.. Enumerable.Repeat(images[0], 2000)];
        using CancellationTokenSource before = new();
        using CancellationTokenSource during = new();
        await before.CancelAsync();

        OperationCanceledException early = Assert.ThrowsAny<OperationCanceledException>(() => scorer.Score(images, before.Token));
        TaskCompletionSource started = new();
        Task run = Task.Run(
            () =>
            {
                started.SetResult();
                scorer.Score(many, during.Token);
            },
            Cancellation
        );
        await started.Task;
        during.CancelAfter(TimeSpan.FromMilliseconds(150));
        OperationCanceledException late = await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            run.WaitAsync(TimeSpan.FromMinutes(5), Cancellation)
        );

        Assert.Equal(before.Token, early.CancellationToken);
        Assert.Equal(during.Token, late.CancellationToken);
        AssertSame([expected], scorer.Score(images, Cancellation));
    }

    [Fact]
    public void Anchors_of_another_model_are_refused()
    {
        using AnomalyScorer scorer = Load(TinyPackage.Random());
        RgbImage image = Pictures.Draw(1);

        ArgumentException wrong = Assert.Throws<ArgumentException>(() =>
            scorer.Score(image, new float[1536], Domain.Industrial, Cancellation)
        );
        ArgumentException absent = Assert.Throws<ArgumentException>(() => scorer.Score(image, [], Domain.Industrial, Cancellation));

        Assert.Contains($"Anchors have 1536 values, expected 64 for model {scorer.Model.Id}", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("Anchors have 0 values", absent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_image_gives_no_score() => Assert.Empty(Loaded(s => s.Score([], Cancellation)));

    [Fact]
    public void A_scorer_that_was_let_go_says_so()
    {
        AnomalyScorer scorer = Load(TinyPackage.Random());
        ModelInput[] images = Images(scorer, 1);
        scorer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => scorer.Score(images, Cancellation));
    }

    [Fact]
    public void Anchors_that_are_not_numbers_give_an_error_and_no_map()
    {
        using AnomalyScorer scorer = Load(TinyPackage.Random());
        float[] anchors = [.. Enumerable.Repeat(float.NaN, 64)];

        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            scorer.Score(Pictures.Draw(1), anchors, Domain.Industrial, Cancellation)
        );

        Assert.Contains("not numbers", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_domain_changes_the_smoothing_and_nothing_else()
    {
        using AnomalyScorer scorer = Load(TinyPackage.Random());

        ImageScore industrial = scorer.Score(Pictures.Draw(1), "bottle", Domain.Industrial, Cancellation);
        ImageScore medical = scorer.Score(Pictures.Draw(1), "bottle", Domain.Medical, Cancellation);

        Assert.Equal(industrial.Map.Raw, medical.Map.Raw);
        Assert.Equal(industrial.Detection, medical.Detection);
        Assert.NotEqual(industrial.MapMax, medical.MapMax);
    }

    private static IReadOnlyList<ImageScore> Loaded(Func<AnomalyScorer, IReadOnlyList<ImageScore>> use)
    {
        using AnomalyScorer scorer = Load(TinyPackage.Random());
        return use(scorer);
    }

    private static AnomalyScorer Load(string package, int threads = 0, bool mapped = false) =>
        AnomalyScorer.Load(
            package,
            new ScorerOptions
            {
                Provider = Provider.Cpu,
                Threads = threads,
                MemoryMapped = mapped,
                CacheFolder = TinyPackage.Cache,
            }
        );

    private static ModelInput[] Images(AnomalyScorer scorer, int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                    scorer.Prepare(
                        Pictures.Draw(i),
                        scorer.AnchorsOf(i % 2 == 0 ? "bottle" : "metal nut"),
                        i % 3 == 0 ? Domain.Medical : Domain.Industrial
                    )
                ),
        ];

    private static void AssertSame(IReadOnlyList<ImageScore> expected, IReadOnlyList<ImageScore> found)
    {
        Assert.Equal(expected.Count, found.Count);
        for (int i = 0; i < found.Count; i++)
        {
            Assert.Equal(expected[i].Map.Raw, found[i].Map.Raw);
            Assert.Equal(expected[i].Detection, found[i].Detection);
            Assert.Equal(expected[i].Map.Domain, found[i].Map.Domain);
        }
    }
}
