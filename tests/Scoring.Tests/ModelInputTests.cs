using System.Runtime.CompilerServices;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Tests;

namespace AaClip.Scoring.Tests;

/// <summary>What an image is between its decoding and its score, and who holds the memory.</summary>
public sealed class ModelInputTests
{
    private readonly LentBuffers _buffers = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void An_input_keeps_no_decoded_image_alive()
    {
        using AnomalyScorer scorer = Load();
        (ModelInput input, WeakReference image) = Prepare(scorer);

        GC.Collect();

        Assert.False(image.IsAlive);
        Assert.Single(scorer.Score([input], Cancellation));
        input.Dispose();

        [MethodImpl(MethodImplOptions.NoInlining)] // else the caller's frame might keep it
        static (ModelInput, WeakReference) Prepare(AnomalyScorer scorer)
        {
            RgbImage picture = Pictures.Draw(1);
            return (scorer.Prepare(picture, scorer.AnchorsOf("bottle"), Domain.Industrial), new WeakReference(picture.Pixels));
        }
    }

    [Fact]
    public void A_lent_buffer_changes_no_bit_of_a_score()
    {
        using AnomalyScorer usual = Load(pooled: false);
        using AnomalyScorer scorer = Load();

        ImageScore expected = usual.Score(Pictures.Draw(1), "bottle", cancellation: Cancellation);
        ImageScore found = scorer.Score(Pictures.Draw(1), "bottle", cancellation: Cancellation);

        Assert.Equal(expected.Map.Raw, found.Map.Raw);
        Assert.Equal(expected.Detection, found.Detection);
    }

    [Fact]
    public void The_buffer_of_an_image_goes_back_whatever_becomes_of_it()
    {
        using AnomalyScorer scorer = Load();
        RgbImage image = Pictures.Draw(1);
        float[] anchors = scorer.AnchorsOf("bottle");
        float[] noNumbers = [.. Enumerable.Repeat(float.NaN, anchors.Length)];

        scorer.Score(image, anchors, Domain.Industrial, Cancellation);
        Assert.Throws<ArgumentException>(() => scorer.Score(image, [1], Domain.Industrial, Cancellation));
        Assert.Throws<InvalidDataException>(() => scorer.Score(image, noNumbers, Domain.Industrial, Cancellation));
        Assert.ThrowsAny<OperationCanceledException>(() => scorer.Score(image, anchors, Domain.Industrial, new CancellationToken(true)));

        Assert.Equal((4, 0), (_buffers.Rented, _buffers.Lent));
    }

    // On CUDA they do; a CPU computes the same in float32, but for roundings.
    [Fact]
    public void Images_that_share_a_run_get_the_scores_of_each_alone()
    {
        using AnomalyScorer scorer = Load();
        ModelInput[] inputs =
        [
            .. Enumerable
                .Range(0, 5)
                .Select(i =>
                    scorer.Prepare(
                        Pictures.Draw(i),
                        scorer.AnchorsOf(i % 2 == 0 ? "bottle" : "metal nut"),
                        i % 3 == 0 ? Domain.Medical : Domain.Industrial
                    )
                ),
        ];
        IReadOnlyList<ImageScore> alone = scorer.Score(inputs, Cancellation);

        ImageScore[] together = scorer.ScoreTogether(inputs, Cancellation);

        Assert.Equal((5, 5), (_buffers.Rented, _buffers.Lent));
        for (int i = 0; i < inputs.Length; i++)
        {
            float[] map = alone[i].Map.Raw.ToArray();
            Close.Assert(map, together[i].Map.Raw, 1e-5 * (map.Max() - map.Min()), $"map {i}");
            Close.AssertRelative([alone[i].Detection], [together[i].Detection], 1e-5, $"detection {i}");
            Assert.Equal(alone[i].Map.Domain, together[i].Map.Domain);
        }

        Assert.ThrowsAny<OperationCanceledException>(() => scorer.ScoreTogether(inputs, new CancellationToken(true)));
        Array.ForEach(inputs, i => i.Dispose());
        Assert.Equal((5, 0), (_buffers.Rented, _buffers.Lent));
    }

    [Fact]
    public void Images_of_a_float16_package_wait_as_bytes_and_those_of_others_are_refused()
    {
        using AnomalyScorer usual = Load();
        using AnomalyScorer half = AnomalyScorer.Load(
            TinyPackage.Random(Precision.Fp16),
            new ScorerOptions
            {
                Provider = Provider.Cpu,
                CacheFolder = TinyPackage.Cache,
                Buffers = _buffers,
            }
        );
        float[] anchors = half.AnchorsOf("bottle");
        ModelInput[] inputs = [.. Enumerable.Range(0, 3).Select(i => half.Prepare(Pictures.Draw(i), anchors, Domain.Industrial))];

        IReadOnlyList<ImageScore> alone = half.Score(inputs, Cancellation);
        ImageScore[] together = half.ScoreTogether(inputs, Cancellation);

        Assert.Equal(0, _buffers.Rented);
        for (int i = 0; i < inputs.Length; i++)
        {
            float[] map = alone[i].Map.Raw.ToArray();
            Close.Assert(map, together[i].Map.Raw, 2e-3 * (map.Max() - map.Min()), $"map {i}");
        }

        Assert.Contains(
            "values of type Byte, expected",
            Assert.Throws<ArgumentException>(() => usual.Score([inputs[0]], Cancellation)).Message,
            StringComparison.Ordinal
        );
        Array.ForEach(inputs, i => i.Dispose());
        Assert.Throws<ObjectDisposedException>(() => half.Score([inputs[0]], Cancellation));
    }

    [Fact]
    public void An_input_of_another_model_and_one_that_was_given_back_are_refused()
    {
        using AnomalyScorer scorer = Load();
        using AnomalyScorer larger = AnomalyScorer.Load(
            TinyPackage.Random(size: 518),
            new ScorerOptions { Provider = Provider.Cpu, CacheFolder = TinyPackage.Cache }
        );
        using ModelInput foreign = larger.Prepare(Pictures.Draw(1), larger.AnchorsOf("bottle"), Domain.Industrial);
        ModelInput gone = scorer.Prepare(Pictures.Draw(1), scorer.AnchorsOf("bottle"), Domain.Industrial);
        gone.Dispose();
        gone.Dispose();

        ArgumentException e = Assert.Throws<ArgumentException>(() => scorer.Score([foreign], Cancellation));
        Assert.Throws<ObjectDisposedException>(() => scorer.Score([gone], Cancellation));

        Assert.Contains(
            $"The input has {3 * 518 * 518} values of type Single, expected {3 * 112 * 112}",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(0, _buffers.Lent);
    }

    private AnomalyScorer Load(bool pooled = true)
    {
        ScorerOptions options = new() { Provider = Provider.Cpu, CacheFolder = TinyPackage.Cache };
        return AnomalyScorer.Load(TinyPackage.Random(), pooled ? options with { Buffers = _buffers } : options);
    }
}
