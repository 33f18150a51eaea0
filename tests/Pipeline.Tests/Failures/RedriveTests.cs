using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Tests.Failures;

/// <summary>Messages that were given up on go back to their queues.</summary>
public sealed class RedriveTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_sent_once_as_it_was_and_the_image_is_scored_in_place_of_its_failure()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        string message = JsonSerializer.Serialize(TestPipeline.Request("c/a.png", etag), MessageJson.Default.ScoreRequested);
        await pipeline.Failures.RecordAsync(QueueNames.Score, message, Cancellation);
        Redrive redrive = new(pipeline.Storage, TimeProvider.System);

        GivenUp kept = Assert.Single(await redrive.ListAsync(null, "c", null, Cancellation).ToListAsync(Cancellation));
        FailedMessage? first = await redrive.SendAsync(kept.Blob, Cancellation),
            second = await redrive.SendAsync(kept.Blob, Cancellation);
        QueueMessage sent = Assert.Single(
            (await pipeline.Storage.Queue(QueueNames.Score).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value
        );
        ResultDocument? before = await pipeline.Results.LatestAsync(pipeline.Models.OwnId, "c/a.png", Cancellation);
        await pipeline.ScoreAsync(JsonSerializer.Deserialize(sent.Body.ToString(), MessageJson.Default.ScoreRequested)!); // as it was sent

        Assert.Equal(message, sent.Body.ToString());
        Assert.True(sent.ExpiresOn > DateTimeOffset.UtcNow.AddYears(100), $"The message expires on {sent.ExpiresOn}.");
        Assert.Equal((1, true), (first?.Redriven, first?.SentBack));
        Assert.Null(second);
        Assert.Equal("given-up", before?.Failure?.Code);
        Assert.Null((await pipeline.Results.LatestAsync(pipeline.Models.OwnId, "c/a.png", Cancellation))?.Failure);
    }

    [Fact]
    public async Task What_is_given_up_on_again_may_be_sent_again_and_is_counted()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        Redrive redrive = new(pipeline.Storage, TimeProvider.System);
        for (int i = 0; i < 3; i++)
        {
            await pipeline.Failures.RecordAsync(QueueNames.Scored, "no message of ours", Cancellation);
            foreach (GivenUp each in await redrive.ListAsync(QueueNames.Scored, null, null, Cancellation).ToListAsync(Cancellation))
                await redrive.SendAsync(each.Blob, Cancellation);
        }

        GivenUp kept = Assert.Single(await redrive.ListAsync(null, null, null, Cancellation).ToListAsync(Cancellation));
        Assert.Equal((3, true), (kept.Message.Redriven, kept.Message.SentBack));
        Assert.Equal(3, (await pipeline.Storage.Queue(QueueNames.Scored).GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task Ten_that_send_at_the_same_time_send_once()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.Failures.RecordAsync(QueueNames.Score, "a message", Cancellation);
        Redrive redrive = new(pipeline.Storage, TimeProvider.System);
        GivenUp kept = Assert.Single(await redrive.ListAsync(null, null, null, Cancellation).ToListAsync(Cancellation));

        FailedMessage?[] sent = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => redrive.SendAsync(kept.Blob, Cancellation)));

        Assert.Single(sent, s => s is not null);
        Assert.Equal(1, (await pipeline.Storage.Queue(QueueNames.Score).GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task The_list_can_be_narrowed_and_knows_no_steps_of_jobs()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.Failures.RecordAsync(
            QueueNames.Score,
            JsonSerializer.Serialize(TestPipeline.Request("c/a.png", "0x1"), MessageJson.Default.ScoreRequested),
            Cancellation
        );
        await pipeline.Failures.RecordAsync(
            QueueNames.ScoreBulk,
            JsonSerializer.Serialize(TestPipeline.Request("d/b.png", "0x2"), MessageJson.Default.ScoreRequested),
            Cancellation
        );
        await pipeline.Failures.RecordAsync(QueueNames.Rescore, "a step", Cancellation);
        Redrive redrive = new(pipeline.Storage, TimeProvider.System);
        async Task<List<string>> Images(string? queue, string? camera, DateTimeOffset? since) =>
            [.. (await redrive.ListAsync(queue, camera, since, Cancellation).ToListAsync(Cancellation)).Select(g => g.Message.Image ?? "")];

        Assert.Equal(["c/a.png", "d/b.png"], await Images(null, null, null));
        Assert.Equal(["d/b.png"], await Images(QueueNames.ScoreBulk, null, null));
        Assert.Equal(["c/a.png"], await Images(null, "c", null));
        Assert.Empty(await Images(null, null, DateTimeOffset.UtcNow.AddHours(1)));
    }
}
