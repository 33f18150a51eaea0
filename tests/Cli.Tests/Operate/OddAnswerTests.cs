using System.Diagnostics;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Operate;

/// <summary>Storage that gives wrong answers: verbs write one line and end with exit code 1.</summary>
public sealed class OddAnswerTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3); // the storage library tries for about 30 s

    [Theory]
    [InlineData("verify", nameof(StorageFault.HalfBody), "got a response with incomplete content")]
    [InlineData("results", nameof(StorageFault.Page200), "got a response that is not from storage: status 200, content type 'text/html'")]
    public async Task One_line_and_exit_code_1(string verb, string fault, string reason)
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.ResultAsync("line1/a.png", await account.ImageAsync("line1/a.png"));
        await using StorageProxy blobs = await StorageProxy.StartAsync(StorageProxy.Endpoint(azurite.ConnectionString, "BlobEndpoint"));
        await using StorageProxy queues = await StorageProxy.StartAsync(StorageProxy.Endpoint(azurite.ConnectionString, "QueueEndpoint"));
        await using StorageProxy tables = await StorageProxy.StartAsync(StorageProxy.Endpoint(azurite.ConnectionString, "TableEndpoint"));
        blobs.Choose = tables.Choose = request => StorageProxy.AnswersWhole(request) ? Enum.Parse<StorageFault>(fault) : null;

        using Process process = Aaclip.Start(
            [verb],
            environment:
            [
                new(StorageConnection.Setting, StorageProxy.Through(azurite.ConnectionString, blobs, queues, tables)),
                new("Storage__Prefix", account.Storage.NameOf("")),
            ]
        );
        Aaclip.Result result = Aaclip.Finish(process, Patience);

        Assert.Equal(1, result.Code);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("aaclip: Storage does not answer as it should: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        Assert.True(blobs.Done.Concat(tables.Done).Sum(d => d.Value) > 1);
    }
}
