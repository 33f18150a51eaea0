using AaClip.Pipeline.Models;
using AaClip.Scoring.Maps;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Functions.Tests;

public sealed class DeadProcessTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_whose_model_is_dead_hands_its_messages_back_and_ends()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        await using ModelHost models = pipeline.Host(TinyPackage.Random(), time);
        LoadedModel model = await models.LiveAsync(Cancellation);
        for (int run = 0; run < 3; run++)
            await Assert.ThrowsAsync<ArgumentException>(() =>
                model.ScoreAsync(Pictures.Draw(1), [1], Domain.Industrial, urgent: true, Cancellation)
            );
        List<string> order = [];
        Task waiting = pipeline.Infrastructure.RunAsync(
            "ScoreImage",
            () => throw new IOException("No card."),
            (_, _) => Task.FromResult(() => order.Add("handed back")).ContinueWith(t => t.Result(), Cancellation),
            Cancellation
        );
        TaskCompletionSource<int> ended = new();
        using DeadProcess watch = new(models, pipeline.Infrastructure, TimeProvider.System, NullLogger<DeadProcess>.Instance)
        {
            Exit = code =>
            {
                order.Add("ended");
                ended.TrySetResult(code);
            },
        };
        await watch.StartAsync(Cancellation);
        Assert.False(ended.Task.IsCompleted);

        time.Advance(TimeSpan.FromMinutes(3));
        int code = await ended.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
        await waiting;

        Assert.Equal(DeadProcess.ExitCode, code);
        Assert.Equal(["handed back", "ended"], order);
    }
}
