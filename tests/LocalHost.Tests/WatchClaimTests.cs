using AaClip.LocalHost.Uploads;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Tests;

public class WatchClaimTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_second_host_finds_the_holder_and_takes_the_claim_when_the_holder_has_ended()
    {
        BlobContainerClient state = new(azurite.NewAccount(), "state");
        LogLines log = new();
        WatchClaim first = new(state, "images", WatcherNote.Own("a@1", "http://127.0.0.1:1"), log);
        await using WatchClaim second = new(state, "images", WatcherNote.Own("b@2", null), log);

        WatcherNote? none = await first.TakeAsync(Cancellation);
        WatcherNote? other = await second.TakeAsync(Cancellation);
        await first.DisposeAsync();
        WatcherNote? gone = await second.TakeAsync(Cancellation);

        Assert.Null(none);
        Assert.Equal(
            ("a@1", Environment.MachineName, Environment.ProcessId, "http://127.0.0.1:1"),
            (other?.Model, other?.Machine, other?.Process, other?.Address)
        );
        Assert.Null(gone);
    }

    [Fact]
    public async Task The_claim_of_an_ended_process_of_this_machine_is_taken_at_once()
    {
        BlobContainerClient state = new(azurite.NewAccount(), "state");
        await LeaseAsync(state, WatcherNote.Own("a@1", null) with { StartedAt = DateTimeOffset.UnixEpoch });
        await using WatchClaim claim = new(state, "images", WatcherNote.Own("b@2", null), new LogLines());

        Assert.Null(await claim.TakeAsync(Cancellation));
    }

    [Fact]
    public async Task The_claim_of_another_machine_is_left_until_its_lease_ends()
    {
        BlobContainerClient state = new(azurite.NewAccount(), "state");
        WatcherNote there = WatcherNote.Own("a@1", null) with { Machine = "elsewhere", StartedAt = DateTimeOffset.UnixEpoch };
        await LeaseAsync(state, there);
        await using WatchClaim claim = new(state, "images", WatcherNote.Own("b@2", null), new LogLines());

        Assert.Equal(there, await claim.TakeAsync(Cancellation));
    }

    [Fact]
    public async Task One_host_watches_at_a_time_and_a_waiting_host_names_it_once()
    {
        BlobContainerClient state = new(azurite.NewAccount(), "state");
        LogLines log = new();
        int watching = 0,
            most = 0,
            turns = 0;
        using CancellationTokenSource first = new(),
            second = new();
        async Task Watch(CancellationToken listening)
        {
            int now = Interlocked.Increment(ref watching);
            lock (log)
                (most, turns) = (Math.Max(most, now), turns + 1);
            await Task.Delay(Timeout.Infinite, listening)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            Interlocked.Decrement(ref watching);
        }

        async Task RunAsync(string model, CancellationTokenSource until)
        {
            await using WatchClaim claim = new(state, "images", WatcherNote.Own(model, null), log);
            await claim.RunAsync(Watch, until.Token);
        }

        Task one = RunAsync("a@1", first);
        await UntilAsync(() => turns == 1);
        Task two = RunAsync("a@1", second);
        await UntilAsync(() => log.All.Any(line => line.Contains("raises them when that one has ended", StringComparison.Ordinal)));
        await Task.Delay(TimeSpan.FromSeconds(4), Cancellation); // the waiting host tries once more and logs nothing new
        await first.CancelAsync();
        await one;
        await UntilAsync(() => turns == 2);
        await second.CancelAsync();
        await two;

        Assert.Equal(1, most);
        Assert.Single(log.All, line => line.Contains("raises them when that one has ended", StringComparison.Ordinal));
        Assert.False(await state.GetBlobClient("events/images.watcher").ExistsAsync(Cancellation));
    }

    private static async Task LeaseAsync(BlobContainerClient state, WatcherNote note)
    {
        await state.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        BlobClient blob = state.GetBlobClient("events/images.watcher");
        await blob.UploadAsync(BinaryData.FromObjectAsJson(note), Cancellation);
        await blob.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Cancellation);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromMinutes(2)); // it only ends a hang
        while (!holds())
            await Task.Delay(20, limit.Token);
    }
}
