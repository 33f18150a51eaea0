using System.Diagnostics;
using System.Runtime.ExceptionServices;
using AaClip.LocalHost.Triggers;
using AaClip.LocalHost.Uploads;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Core;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace AaClip.LocalHost.Tests;

/// <summary>A running host, while storage gives wrong answers or none.</summary>
public class FaultTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(StorageFault.HalfBody))]
    [InlineData(nameof(StorageFault.Page200))]
    [InlineData(nameof(StorageFault.Page404))]
    [InlineData(nameof(StorageFault.Error500))]
    [InlineData(nameof(StorageFault.BrokenBody))]
    [InlineData(nameof(StorageFault.LostRequest))]
    public async Task A_trigger_goes_on_after_an_odd_answer(string fault)
    {
        string connection = azurite.NewAccount();
        await using StorageProxy blobs = await StorageProxy.StartAsync(StorageProxy.Endpoint(connection, "BlobEndpoint"));
        await using StorageProxy queues = await StorageProxy.StartAsync(StorageProxy.Endpoint(connection, "QueueEndpoint"));
        int odd = 0;
        await using TestHost host = new(StorageProxy.Through(connection, blobs, queues));
        TestHost clean = new(connection);
        // Messages that an incomplete answer has taken become visible again after this time
        await host.StartAsync(["Split"], options => options with { Lease = TimeSpan.FromSeconds(5) });
        queues.Choose = request =>
            request.Path.Value!.EndsWith("/texts/messages", StringComparison.Ordinal)
            && request.Method == "GET"
            && Interlocked.Increment(ref odd) <= 3
                ? Enum.Parse<StorageFault>(fault)
                : null;

        await clean.SendAsync("texts", "one two");
        string[] words = await clean.TakeAsync("words", 2);
        await host.Host.StopAsync(Cancellation);

        Assert.Equal(["one", "two"], words.Order(StringComparer.Ordinal));
        Assert.False(host.Host.Failed.IsCompleted);
        Assert.True(queues.Done[Enum.Parse<StorageFault>(fault)] >= 3);
    }

    [Theory]
    [InlineData(nameof(StorageFault.HalfBody))]
    [InlineData(nameof(StorageFault.Page200))]
    [InlineData(nameof(StorageFault.Error500))]
    [InlineData(nameof(StorageFault.LostRequest))]
    public async Task Uploads_are_still_watched_after_listings_have_failed_for_a_while(string fault)
    {
        LogLines log = new();
        int odd = 0;
        BlobClientOptions options = new()
        {
            Transport = new FaultyTransport(request =>
                FaultyTransport.AnswersWhole(request) && ++odd <= 5 ? Enum.Parse<StorageFault>(fault) : null
            ),
        };
        options.Retry.MaxRetries = 1;
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        options.AddPolicy(new WholeAnswerPolicy(), HttpPipelinePosition.PerRetry);
        BlobServiceClient storage = new(azurite.NewAccount(), options);
        BlobWatcher watcher = new(
            storage.GetBlobContainerClient("images"),
            storage.GetBlobContainerClient("state"),
            TimeSpan.FromMilliseconds(20),
            log
        );
        await watcher.PrepareAsync(Cancellation);
        await storage.GetBlobContainerClient("images").UploadBlobAsync("line1/a.png", BinaryData.FromString("12345"), Cancellation);
        using CancellationTokenSource seen = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        seen.CancelAfter(TimeSpan.FromMinutes(2)); // it only ends a hang
        List<string> events = [];

        await watcher.RunAsync(
            (text, _) =>
            {
                events.Add(text);
                return seen.CancelAsync();
            },
            seen.Token
        );

        Assert.Contains("line1/a.png", Assert.Single(events), StringComparison.Ordinal);
        Assert.Single(
            log.All,
            line => line.StartsWith("Warning: Container images cannot be watched at the moment", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Azurite_that_ends_by_itself_is_reported_and_the_stop_is_clean()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.StartAsync(
            ["Split"],
            options => options with { OwnAzurite = true, Settings = Without(options.Settings, "DataStorage") }
        );
        using Process own = Process.GetProcessById(host.Host.AzuriteProcess!.Value); // it has one of its own

        own.Kill();
        string reason = await host.Host.Failed.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
        await host.Host.StopAsync(new CancellationToken(canceled: true));

        Assert.StartsWith("Azurite ended by itself with code", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_permanent_error_of_a_listener_is_reported_to_the_host_and_a_transient_one_is_not()
    {
        List<Exception> ended = [];
        LogLines log = new();
        ListenerFailures failures = new(ended.Add, log);
        RequestFailedException refused = new(403, "No access."),
            passing = new(503, "Busy.");

        await failures.OnUnhandledExceptionAsync(ExceptionDispatchInfo.Capture(passing));
        await failures.OnUnhandledExceptionAsync(ExceptionDispatchInfo.Capture(refused));

        Assert.Equal([refused], ended);
        Assert.Contains("Busy.", Assert.Single(log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storage_that_does_not_answer_is_a_503_to_the_listeners_and_one_line_in_the_log()
    {
        LogLines log = new();
        bool away = true;
        QueueClientOptions options = new() { Transport = new FaultyTransport(_ => away ? StorageFault.LostRequest : null) };
        options.Retry.MaxRetries = 1;
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        options.AddPolicy(new OutagePolicy(log), HttpPipelinePosition.PerCall);
        QueueClient queue = new(azurite.NewAccount(), "some", options);

        RequestFailedException first = await Assert.ThrowsAsync<RequestFailedException>(() => queue.ExistsAsync(Cancellation));
        await Assert.ThrowsAsync<RequestFailedException>(() => queue.ExistsAsync(Cancellation));
        away = false;
        bool there = await queue.ExistsAsync(Cancellation);

        Assert.Equal(503, first.Status);
        Assert.False(there);
        Assert.Single(log.All, line => line.StartsWith("Warning: Queues at 127.0.0.1", StringComparison.Ordinal));
        Assert.Single(log.All, line => line.EndsWith("answer again.", StringComparison.Ordinal));
    }

    private static Dictionary<string, string?> Without(IReadOnlyDictionary<string, string?> settings, string name) =>
        settings.Where(setting => setting.Key != name).ToDictionary();
}
