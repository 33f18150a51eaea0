using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip redrive</c> on real storage.</summary>
public sealed class RedriveTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_are_listed_by_a_dry_run_sent_once_and_reported()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.Storage.EnsureCreatedAsync(Cancellation);
        ResultStore results = new(account.Storage);
        foreach (
            (string queue, string image) in ((string, string)[])
                [(QueueNames.Score, "line1/a.png"), (QueueNames.Uploads, "line1/b.png"), (QueueNames.Score, "line2/c.png")]
        )
            await results.WriteFailedAsync(
                new FailedMessage
                {
                    Queue = queue,
                    Reason = "Every attempt failed.",
                    Image = image,
                    RecordedAt = DateTimeOffset.UtcNow,
                    Body = $"about {image}",
                },
                Cancellation
            );

        Aaclip.Result dry = account.Run("redrive", "--dry-run", "--camera", "line1"),
            verified = account.Run("verify");
        Aaclip.Result sent = account.Run("redrive", "--camera", "line1", "--json"),
            again = account.Run("redrive", "--camera", "line1");
        Aaclip.Result after = account.Run("verify");

        Assert.Equal((0, "2 messages would be sent back; 0 were sent back before.\n"), (dry.Code, dry.Error));
        Assert.Equal(
            [
                ["uploads", "line1/b.png", "0", "Every attempt failed."],
                ["score", "line1/a.png", "0", "Every attempt failed."],
            ],
            dry.Rows.Select(r => r[1..]).OrderByDescending(r => r[0])
        );
        Assert.Contains("3 messages given up on", verified.Output, StringComparison.Ordinal);
        Assert.Equal((0, "2 of 2 messages were sent back; 0 had been sent back before.\n"), (sent.Code, sent.Error));
        // Each line is a JSON object
        Assert.All(sent.Lines, l => Assert.Equal((1, true), ((int)JsonNode.Parse(l)!["redriven"]!, (bool)JsonNode.Parse(l)!["sent"]!)));
        Assert.Equal((0, "", "0 of 0 messages were sent back; 2 had been sent back before.\n"), (again.Code, again.Output, again.Error));
        Assert.Contains("1 messages given up on", after.Output, StringComparison.Ordinal);
        Assert.Equal(
            "about line1/a.png",
            Assert.Single((await account.Storage.Queue(QueueNames.Score).PeekMessagesAsync(32, Cancellation)).Value).Body.ToString()
        );
        Assert.Equal(
            "about line1/b.png",
            Assert.Single((await account.Storage.Queue(QueueNames.Uploads).PeekMessagesAsync(32, Cancellation)).Value).Body.ToString()
        );
    }

    [Theory]
    [InlineData("alerts")]
    [InlineData("score-poison")]
    public void A_queue_that_has_no_such_messages_is_refused_with_those_that_have(string queue)
    {
        Aaclip.Result result = Aaclip.Run("redrive", "--queue", queue);

        Assert.Equal(
            (2, $"aaclip: --queue is '{queue}', expected uploads, score, score-bulk, scored, events.\n"),
            (result.Code, result.Error)
        );
    }
}
