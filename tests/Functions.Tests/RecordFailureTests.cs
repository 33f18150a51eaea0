using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Functions.Tests;

public sealed class RecordFailureTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_function_keeps_its_message_under_the_queue_that_gave_up()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        RecordFailure functions = new(pipeline.Failures);

        await functions.Upload("1", Cancellation);
        await functions.Score("2", Cancellation);
        await functions.Bulk("3", Cancellation);
        await functions.Alert("4", Cancellation);
        await functions.Rescore("5", Cancellation);

        List<string> kept = [];
        foreach (string name in await pipeline.NamesAsync(ContainerNames.Results))
            kept.Add($"{name.Split('/')[1]} {(await pipeline.Results.ReadFailedAsync(name, Cancellation))?.Body}");
        Assert.Equal(["rescore 5", "score 2", "score-bulk 3", "scored 4", "uploads 1"], kept.Order(StringComparer.Ordinal));
    }
}
