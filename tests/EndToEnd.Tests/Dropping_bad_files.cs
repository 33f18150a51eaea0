using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using Azure.Storage.Blobs;

namespace AaClip.EndToEnd.Tests;

public class Dropping_bad_files(AzuriteFixture azurite)
{
    [Fact]
    public async Task Gives_each_a_failed_result_at_once_and_scores_the_others()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync(settings: new() { ["Limits__MaxBytes"] = "100000", ["Limits__MaxPixels"] = "20000" });
        byte[] picture = ImageEncoder.Png(Pictures.Draw(1));
        (string Name, byte[] Content, string Code)[] bad =
        [
            ("line1/notes.png", "Not an image, whatever it is called."u8.ToArray(), "unknown-format"),
            ("line1/heavy.bmp", new byte[100_001], "too-many-bytes"),
            ("line1/wide.png", ImageEncoder.Png(Pictures.Draw(1, 200, 101)), "too-many-pixels"),
            ("line1/cut.png", picture[..(picture.Length / 2)], "damaged"),
        ];

        string[] etags = await Task.WhenAll(bad.Select(file => site.DropAsync(file.Name, file.Content)));
        await site.DropAsync("line1/empty.png", []); // the first half of an upload, or the placeholder of a folder
        string good = await site.DropAsync("line1/good.png", picture);
        ResultDocument[] results = await Task.WhenAll(bad.Zip(etags, (file, etag) => site.ResultAsync(file.Name, etag)));
        ResultDocument other = await site.ResultAsync("line1/good.png", good);
        await site.QuietAsync();

        Assert.Equal(bad.Select(file => file.Code), results.Select(result => result.Failure!.Code));
        Assert.All(results, result => Assert.Equal(Verdict.Failed, result.Score.Verdict));
        Assert.NotEqual(Verdict.Failed, other.Score.Verdict);
        Assert.Equal(5, (await site.BlobsAsync(ContainerNames.Results)).Length);
        Assert.Contains(
            site.Log.All,
            line => line.StartsWith("Information: Skipped line1/empty.png: it has no bytes", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(site.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task That_are_deleted_before_they_are_scored_says_so()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync(change: options => options with { WatchedContainer = null });
        string etag = await site.DropAsync("line1/gone.png", seed: 1);
        BlobClient blob = site.Storage.Container(ContainerNames.Images).GetBlobClient("line1/gone.png");
        await blob.DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);

        await site.SendAsync(QueueNames.Uploads, Messages.Upload("line1/gone.png", etag));
        ResultDocument result = await site.ResultAsync("line1/gone.png", etag);

        Assert.Equal("missing", result.Failure!.Code);
        Assert.StartsWith(
            "Image 'line1/gone.png' was deleted or moved before it was scored",
            result.Failure.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Of_no_camera_or_still_being_written_skips_them_with_a_reason()
    {
        await using Site site = await Site.OpenAsync(azurite, """{ "schemaVersion": 1, "cameras": { "line1": {} } }""");
        await site.StartWorkerAsync();

        await site.DropAsync("line7/a.png", seed: 1);
        await site.DropAsync("line1/a.png.part", seed: 1);
        string last = await site.DropAsync("line1/z.png", seed: 1);
        await site.ResultAsync("line1/z.png", last);
        await site.WaitAsync(
            "both reasons",
            () =>
                Task.FromResult(
                    site.Log.All.Count(line => line.StartsWith("Information: Skipped", StringComparison.Ordinal)) == 2 ? site : null
                )
        );
        await site.QuietAsync();

        Assert.Single(await site.BlobsAsync(ContainerNames.Results));
        Assert.Contains(
            "Information: Skipped line7/a.png: config/cameras.json has no profile for camera 'line7': add one, or '*' for all others.",
            site.Log.All
        );
        Assert.Contains("Information: Skipped line1/a.png.part: its name matches the skip pattern '*.part'.", site.Log.All);
    }

    [Theory]
    [InlineData(QueueNames.Uploads, "no JSON at all")]
    [InlineData(QueueNames.Score, "{}")]
    [InlineData(
        QueueNames.Score,
        """
            { "schemaVersion": 99, "image": "line1/a.png", "etag": "1", "camera": "line1", "objectClass": "object", 
              "enqueuedAt": "2026-01-31T08:00:00Z" }
            """
    )]
    [InlineData(QueueNames.Scored, "[]")]
    public async Task That_are_not_valid_messages_keeps_them_as_failures(string queue, string junk)
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync(Site.FewAttempts);

        await site.SendAsync(queue, junk);
        string[] kept = await site.WaitAsync(
            "a record of the message",
            async () => await site.BlobsAsync(ContainerNames.Results, $"failed/{queue}/") is { Length: > 0 } names ? names : null
        );
        await site.QuietAsync();

        FailedMessage record = System.Text.Json.JsonSerializer.Deserialize<FailedMessage>(
            await site.ReadAsync(ContainerNames.Results, Assert.Single(kept)),
            System.Text.Json.JsonSerializerOptions.Web
        )!;
        Assert.Equal((queue, junk), (record.Queue, record.Body));
        Assert.StartsWith("The message cannot be read", record.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task That_are_not_text_does_not_block_the_queue()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync(Site.FewAttempts);

        await new Azure.Storage.Queues.QueueClient(site.Connection, QueueNames.Score).SendMessageAsync(
            "not Base64!",
            TestContext.Current.CancellationToken
        );
        string etag = await site.DropAsync("line1/a.png", seed: 1);
        ResultDocument result = await site.ResultAsync("line1/a.png", etag);
        await site.WaitAsync(
            "the message in the poison queue",
            async () => await site.CountAsync(QueueNames.Score) == 0 && await site.CountAsync(QueueNames.ScorePoison) == 1 ? site : null
        );

        Assert.Null(result.Failure);
    }
}
