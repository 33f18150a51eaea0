using System.Runtime.CompilerServices;
using AaClip.Pipeline.Models;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Models;

/// <summary>What images hold while they wait for the model.</summary>
public sealed class LoadedModelTests : IDisposable
{
    private readonly LentBuffers _buffers = new();
    private readonly SemaphoreSlim _stopped = new(0);
    private readonly ManualResetEventSlim _go = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_that_waits_for_the_model_is_not_kept_decoded_and_gets_the_same_score()
    {
        await using LoadedModel model = Load();
        Task<ImageScore> first = await BlockAsync(model);
        (Task<ImageScore> second, WeakReference image) = Begin(model);

        GC.Collect();

        Assert.False(image.IsAlive);
        Assert.False(second.IsCompleted);
        _go.Set();
        ImageScore[] scores = await Task.WhenAll(first, second);
        Assert.Equal(scores[0].Map.Raw, scores[1].Map.Raw);
        Assert.Equal((2, 0), (_buffers.Rented, _buffers.Lent));

        [MethodImpl(MethodImplOptions.NoInlining)] // else the caller's frame might keep it
        static (Task<ImageScore>, WeakReference) Begin(LoadedModel model)
        {
            RgbImage picture = Pictures.Draw(1);
            return (ScoreAsync(model, picture, Cancellation), new WeakReference(picture.Pixels));
        }
    }

    [Fact]
    public async Task Buffers_go_back_when_runs_fail()
    {
        await using LoadedModel model = Load();

        await Assert.ThrowsAsync<ArgumentException>(() => model.ScoreAsync(Pictures.Draw(1), [1], Domain.Industrial, true, Cancellation));

        Assert.Equal((1, 0), (_buffers.Rented, _buffers.Lent));
    }

    [Fact]
    public async Task Buffers_go_back_when_callers_leave_and_when_the_model_is_closed()
    {
        LoadedModel model = Load();
        using CancellationTokenSource leaving = new();
        Task<ImageScore> running = await BlockAsync(model);
        Task<ImageScore> left = ScoreAsync(model, Pictures.Draw(2), leaving.Token),
            refused = ScoreAsync(model, Pictures.Draw(3), Cancellation);
        Assert.Equal(2, _buffers.Lent);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal(1, _buffers.Lent); // at once, not when its turn comes
        ValueTask closing = model.DisposeAsync();
        _go.Set();
        await closing;

        await running;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => refused);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ScoreAsync(model, Pictures.Draw(4), Cancellation));
        Assert.Equal((4, 0), (_buffers.Rented, _buffers.Lent));
    }

    public void Dispose()
    {
        _stopped.Dispose();
        _go.Dispose();
    }

    private static Task<ImageScore> ScoreAsync(LoadedModel model, RgbImage image, CancellationToken cancellation) =>
        model.ScoreAsync(image, model.AnchorsOf("bottle"), Domain.Industrial, urgent: true, cancellation);

    // The first image's run ends only when _go is set: it stops where its buffer goes back.
    private async Task<Task<ImageScore>> BlockAsync(LoadedModel model)
    {
        int returns = 0;
        _buffers.Returning = () =>
        {
            if (Interlocked.Increment(ref returns) > 1)
                return;
            _stopped.Release();
            _go.Wait();
        };
        Task<ImageScore> first = ScoreAsync(model, Pictures.Draw(1), Cancellation);
        await _stopped.WaitAsync(Cancellation);
        return first;
    }

    private LoadedModel Load() =>
        new(
            AnomalyScorer.Load(
                TinyPackage.Random(),
                new ScorerOptions
                {
                    Provider = Provider.Cpu,
                    CacheFolder = TinyPackage.Cache,
                    Buffers = _buffers,
                }
            ),
            hold: null,
            new BatchingOptions(),
            deadAfter: TimeSpan.FromMinutes(1),
            TimeProvider.System
        );
}
