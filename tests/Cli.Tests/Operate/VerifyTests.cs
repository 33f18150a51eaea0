using System.Globalization;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Storage.Blobs;
using Azure.Storage.Queues.Models;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip verify</c> on real storage.</summary>
public sealed class VerifyTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_image_with_one_result_is_accounted_for()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.ResultAsync("line1/a.png", await account.ImageAsync("line1/a.png"));
        await account.ResultAsync("line1/b~.png", await account.ImageAsync("line1/b~.png"), Verdict.Failed);
        await account.ResultAsync("root.png", await account.ImageAsync("root.png"));
        await account.ImageAsync("line1/upload.tmp");

        Aaclip.Result result = account.Run("verify");
        JsonNode json = JsonNode.Parse(account.Run("verify", "--json").Output)!; // one object

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal("4 images: 3 accounted for, 0 missing, 1 not to be scored.", result.Lines[0]);
        Assert.Contains("3 results of tiny@1", result.Lines);
        Assert.Contains("  line1/b~.png: damaged", result.Lines);
        Assert.Equal("Everything is accounted for.", result.Lines[^1]);
        Assert.True((bool)json["clean"]!);
        Assert.Equal(3, (int)json["accounted"]!);
    }

    [Fact]
    public async Task An_image_without_a_result_is_named()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        string etag = await account.ImageAsync("line1/a.png");

        Aaclip.Result result = account.Run("verify");

        Assert.Equal(1, result.Code);
        Assert.Contains($"  line1/a.png ({etag})", result.Lines);
        Assert.Equal("Not everything is accounted for.", result.Lines[^1]);
    }

    [Fact]
    public async Task A_result_of_the_version_before_does_not_account_for_an_overwritten_image()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.ResultAsync("line1/a.png", await account.ImageAsync("line1/a.png"));
        string second = await account.ImageAsync("line1/a.png", "other pixels");

        Aaclip.Result before = account.Run("verify");
        await account.ResultAsync("line1/a.png", second);
        Aaclip.Result after = account.Run("verify");

        Assert.Equal((1, 0), (before.Code, after.Code));
        Assert.Contains($"  line1/a.png ({second})", before.Lines);
        Assert.Contains("1 of them of images that were overwritten or deleted since", after.Lines);
    }

    [Fact]
    public async Task An_image_whose_metadata_changed_after_scoring_is_still_accounted_for()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        string etag = await account.ImageAsync("line1/a.png");
        BlobClient image = account.Storage.Container(ContainerNames.Images).GetBlobClient("line1/a.png");
        ImageContent content = ImageContent.Of((await image.GetPropertiesAsync(cancellationToken: Cancellation)).Value);
        ResultDocument result = TestResult.Document("line1/a.png", etag, Verdict.Failed, 0, TestAccount.Model, DateTimeOffset.UtcNow);
        await new ResultStore(account.Storage).WriteAsync(
            result with
            {
                Image = result.Image with { Bytes = content.Bytes, CreatedAt = content.CreatedAt, Md5 = content.Md5 },
            },
            Cancellation
        );
        await image.SetMetadataAsync(new Dictionary<string, string> { ["part"] = "7" }, cancellationToken: Cancellation);

        Aaclip.Result after = account.Run("verify");
        await account.ImageAsync("line1/a.png", "pixelz");
        Aaclip.Result overwritten = account.Run("verify");

        Assert.Equal((0, 1), (after.Code, overwritten.Code));
        Assert.Contains("  line1/a.png: damaged", after.Lines);
        Assert.DoesNotContain("  line1/a.png: damaged", overwritten.Lines);
        Assert.Contains("1 failures of versions that were replaced or deleted since", overwritten.Lines);
    }

    [Fact]
    public async Task The_index_is_compared_with_the_results_and_repaired()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        ResultStore results = new(account.Storage);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        string[] etags = [.. await Task.WhenAll(Enumerable.Range(0, 4).Select(i => account.ImageAsync($"line1/{i}.png")))];
        ResultDocument[] documents =
        [
            .. etags.Select((e, i) => TestResult.Document($"line1/{i}.png", e, Verdict.Failed, 0, TestAccount.Model, now)),
        ];
        foreach (ResultDocument document in documents)
            await results.WriteAsync(document, Cancellation);
        await results.Index.RemoveAsync(ResultRow.Of(documents[0]), Cancellation); // lost
        await results.Index.PutAsync(documents[1] with { Failure = new FailurePart("given-up", "x") }, Cancellation); // differs
        await results.Index.PutAsync(documents[2] with { ScoredAt = now.AddDays(-40) }, Cancellation); // a second one
        await results.Index.PutAsync(documents[3] with { Image = documents[3].Image with { ETag = "0x9" } }, Cancellation); // of nothing

        Aaclip.Result before = account.Run("verify");
        Aaclip.Result repair = account.Run("verify", "--repair-index");
        Aaclip.Result after = account.Run("verify", "--repair-index");

        Assert.Equal((1, 0, 0), (before.Code, repair.Code, after.Code));
        Assert.Contains("2 results without their row in the index, which --repair-index writes:", before.Lines);
        Assert.Contains($"  tiny@1/line1/0.png/{etags[0]}.json", before.Lines);
        Assert.Contains($"  tiny@1/line1/1.png/{etags[1]}.json", before.Lines);
        Assert.Contains("2 rows of the index without their result, which --repair-index removes:", before.Lines);
        Assert.Contains($"  tiny@1/line1/2.png/{etags[2]}.json", before.Lines);
        Assert.Contains("  tiny@1/line1/3.png/0x9.json", before.Lines);
        Assert.Equal("Index: 2 rows written, 2 removed.\n", repair.Error);
        Assert.Equal("Index: 0 rows written, 0 removed.\n", after.Error);
        Assert.Equal(
            documents.Select(d => ResultRow.Of(d)).OrderBy(r => r.Cursor, StringComparer.Ordinal),
            await results.Index.QueryAsync(new ResultQuery(), Cancellation).ToListAsync(Cancellation)
        );
    }

    [Fact]
    public async Task Months_that_were_dropped_from_the_index_are_not_missed()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        await account.ResultAsync("line1/a.png", await account.ImageAsync("line1/a.png"), time: now.AddMonths(-5));
        await account.ResultAsync("line1/b.png", await account.ImageAsync("line1/b.png"), time: now.AddMonths(-1));

        IReadOnlyList<DateOnly> dropped = await new IndexRetention(account.Storage).DropAsync(2, now, Cancellation);
        Aaclip.Result after = account.Run("verify");

        Assert.Equal(now.AddMonths(-5).ToString("yyyy-MM", CultureInfo.InvariantCulture), $"{Assert.Single(dropped):yyyy-MM}");
        Assert.Equal((0, "Everything is accounted for."), (after.Code, after.Lines[^1]));
        Assert.Empty(await new IndexRetention(account.Storage).DropAsync(0, now.AddYears(9), Cancellation)); // 0 keeps all
        Assert.Single(await new ResultIndex(account.Storage).MonthsAsync(Cancellation));
    }

    [Fact]
    public async Task Empty_blobs_are_not_to_be_scored()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.ImageAsync("line1/day/", "");
        await account.ImageAsync("line1/half.png", "");

        Aaclip.Result result = account.Run("verify");

        Assert.Equal((0, "2 images: 0 accounted for, 0 missing, 2 not to be scored."), (result.Code, result.Lines[0]));
    }

    [Fact]
    public async Task Two_models_that_alternate_are_found_and_one_that_was_promoted_is_not()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        DateTimeOffset start = DateTimeOffset.UtcNow;
        async Task AddAsync(int i, string model) =>
            await account.ResultAsync(
                $"line1/{i}.png",
                await account.ImageAsync($"line1/{i}.png"),
                model: model,
                time: start.AddSeconds(i)
            );
        for (int i = 0; i < 6; i++)
            await AddAsync(i, i < 3 ? "tiny@1" : "tiny@2");
        Aaclip.Result promoted = account.Run("verify");
        for (int i = 6; i < 12; i++)
            await AddAsync(i, i % 2 == 0 ? "tiny@1" : "tiny@2");

        Aaclip.Result mixed = account.Run("verify");

        Assert.Equal((0, 1), (promoted.Code, mixed.Code));
        Assert.Contains("2 models alternate between new images, so that two hosts may use different ones on this storage:", mixed.Lines);
        Assert.Contains("  tiny@2: 6 new images", mixed.Lines);
    }

    [Fact]
    public async Task One_model_can_be_asked_for()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.ResultAsync("line1/a.png", await account.ImageAsync("line1/a.png"));
        string second = await account.ImageAsync("line2/b.png");
        await account.ResultAsync("line2/b.png", second, model: "new@2");

        Assert.Equal(0, account.Run("verify").Code);
        Assert.Equal(1, account.Run("verify", "--model", "new@2").Code);
        Assert.Equal(0, account.Run("verify", "--model", "new@2", "--camera", "line2").Code);
    }

    [Fact]
    public async Task A_second_result_of_the_same_version_under_another_name_is_found()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        string etag = await account.ImageAsync("line1/a.png");
        await account.ResultAsync("line1/a.png", etag);
        var results = account.Storage.Container(ContainerNames.Results);
        BlobCopy(out Dictionary<string, string> metadata);
        string twin = $"{TestAccount.Model}/line1/other/{etag}.json";
        await results
            .GetBlobClient(twin)
            .UploadAsync(
                BinaryData.FromString("{}"),
                new Azure.Storage.Blobs.Models.BlobUploadOptions { Metadata = metadata },
                Cancellation
            );

        Aaclip.Result result = account.Run("verify");

        Assert.Equal(1, result.Code);
        Assert.Contains("1 duplicate results:", result.Output, StringComparison.Ordinal);
        Assert.Contains(twin, result.Output, StringComparison.Ordinal);

        void BlobCopy(out Dictionary<string, string> copied) =>
            copied = new(
                results
                    .GetBlobClient(new ImageVersion("line1/a.png", etag).Result(TestAccount.Model))
                    .GetProperties(cancellationToken: Cancellation)
                    .Value.Metadata
            );
    }

    [Fact]
    public async Task A_result_without_its_map_and_a_map_without_a_result_are_found()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.ResultAsync("line1/a.png", await account.ImageAsync("line1/a.png"), map: false);
        await account.WriteAsync(ContainerNames.Maps, "tiny@1/line1/old.png/0x9.png");

        Aaclip.Result result = account.Run("verify");

        Assert.Equal(1, result.Code);
        Assert.Contains("1 results without their map:", result.Lines);
        Assert.Contains("  maps/tiny@1/line1/old.png/0x9.png", result.Lines);
    }

    [Fact]
    public async Task A_message_in_a_poison_queue_is_not_accounted_for()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.Storage.Queue(QueueNames.ScorePoison).SendMessageAsync("{}", Cancellation);

        Aaclip.Result result = account.Run("verify");

        Assert.Equal(1, result.Code);
        Assert.Contains("about 1 messages in queue score-poison", result.Lines);
    }

    [Fact]
    public async Task An_alert_id_that_came_twice_is_found_behind_the_first_32_and_no_message_is_lost()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        for (int i = 0; i < 40; i++)
            await account.Storage.Queue(QueueNames.Alerts).SendMessageAsync(Events.Opened("line1", Math.Min(i, 38)), Cancellation);

        Aaclip.Result peeked = account.Run("verify");
        Aaclip.Result all = account.Run("verify", "--all-alerts");

        Assert.Equal((0, 1), (peeked.Code, all.Code));
        Assert.Contains("Only the first 32 of about 40 alerts were looked at: --all-alerts looks at all.", peeked.Lines);
        Assert.Contains("1 alert ids that came more than once:", all.Lines);
        QueueMessage[] left = [];
        for (int i = 0; i < 2; i++)
            left =
            [
                .. left,
                .. (await account.Storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value,
            ];
        Assert.Equal(40, left.Length);
    }

    [Fact]
    public async Task Profiles_that_cannot_be_read_are_reported()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.WriteAsync(ContainerNames.Config, "cameras.json");

        Aaclip.Result result = account.Run("verify");

        Assert.Equal(1, result.Code);
        Assert.StartsWith("aaclip: config/cameras.json has no object 'cameras'", result.Error, StringComparison.Ordinal);
    }
}
