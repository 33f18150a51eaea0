using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Results.Counts;
using AaClip.Tests;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Cameras;

public class CameraStatesTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_camera_that_stopped_is_silent_and_one_whose_scores_moved_has_drifted()
    {
        StorageClients storage = await azurite.NewAsync();
        ResultIndex index = new(storage);
        Random random = new(5);
        // Eight days ago and today, an image each three minutes
        await PutAsync("steady", Noon.AddDays(-8), 0.3);
        await PutAsync("steady", Noon, 0.3);
        await PutAsync("moved", Noon.AddDays(-8), 0.3);
        await PutAsync("moved", Noon, 0.4);
        await PutAsync("stopped", Noon.AddHours(-1), 0.3);
        await index.PutAsync(CountedResults.Result("long gone", "a.png", Noon.AddDays(-40)), Cancellation);
        await index.PutAsync(CountedResults.Result("steady", "0.png", Noon, "other@1"), Cancellation); // beside that of the live model
        CameraStates states = new(storage, new FakeTimeProvider(Noon));

        IReadOnlyList<CameraState> before = await states.ReadAsync("tiny@1", Cancellation);
        await CountedResults.Recount(storage).RunAsync(TimeSpan.FromMinutes(5), Cancellation);
        IReadOnlyList<CameraState> after = await states.ReadAsync("tiny@1", Cancellation);

        Assert.Equal(["moved", "steady", "stopped"], before.Select(s => s.Camera));
        Assert.Equal(before, after);
        (CameraState moved, CameraState steady, CameraState stopped) = (before[0], before[1], before[2]);
        Assert.Equal(new Silence(Noon, TimeSpan.FromMinutes(3), false), steady.Silence);
        Assert.Equal(new Silence(Noon.AddHours(-1), TimeSpan.FromMinutes(3), true), stopped.Silence);
        Assert.InRange(steady.Psi!.Value, 0, Drift.Moderate);
        Assert.True(moved.Psi > Drift.Large && moved.HasDrifted, $"{moved.Psi}");
        Assert.Null(stopped.Psi); // nothing from before
        Assert.False(stopped.HasDrifted);
        Assert.Equal(("tiny@1", Noon), (steady.LastRow.Model, steady.LastRow.ImageTime));

        Task PutAsync(string camera, DateTimeOffset last, double mean) =>
            Parallel.ForAsync(
                0,
                Drift.MinScores,
                Cancellation,
                async (i, token) =>
                {
                    double raw;
                    lock (random)
                        raw = mean + 0.05 * (random.NextDouble() + random.NextDouble() - 1);
                    DateTimeOffset stored = last.AddMinutes(-3 * i);
                    await index.PutAsync(CountedResults.Result(camera, $"{(last < Noon ? "old" : "")}{i}.png", stored, raw: raw), token);
                }
            );
    }

    [Fact]
    public async Task Without_a_live_model_or_results_there_is_no_drift()
    {
        StorageClients storage = await azurite.NewAsync();
        CameraStates states = new(storage, new FakeTimeProvider(Noon));
        Assert.Empty(await states.ReadAsync("tiny@1", Cancellation));
        await new ResultIndex(storage).PutAsync(CountedResults.Result("line1", "a.png", Noon), Cancellation);

        Assert.Null(Assert.Single(await states.ReadAsync(null, Cancellation)).Psi);
    }
}
