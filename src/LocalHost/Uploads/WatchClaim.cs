using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Uploads;

/// <summary>
/// Allows one process at a time to watch a container. The watcher holds a lease on a blob that contains its description; the others wait
/// until it ends. If the watcher was a process of this machine and has ended, its lease is broken at once; on other machines the lease
/// expires.
/// </summary>
public sealed partial class WatchClaim : IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15); // the shortest lease of blob storage
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(3);
    private const int Reads = 5; // attempts to read a description that is being written

    private readonly BlobContainerClient _state;
    private readonly BlobClient _blob;
    private readonly string _container;
    private readonly WatcherNote _own;
    private readonly ILogger _logger;
    private BlobLeaseClient? _lease;
    private WatcherNote? _told;
    private CancellationTokenSource? _held; // cancelled when another process has the lease
    private Task _renewing = Task.CompletedTask;

    /// <param name="state">Container of the lease blob; created if it does not exist.</param>
    /// <param name="container">Name of the container to watch.</param>
    /// <param name="own">Description of this process for others.</param>
    public WatchClaim(BlobContainerClient state, string container, WatcherNote own, ILogger logger)
    {
        (_state, _blob, _container, _own, _logger) = (state, state.GetBlobClient($"events/{container}.watcher"), container, own, logger);
    }

    /// <summary>Takes the claim, or finds its owner.</summary>
    /// <returns>Null when this process has the claim, otherwise the description of the owner.</returns>
    public async Task<WatcherNote?> TakeAsync(CancellationToken cancellation)
    {
        if (_held is { IsCancellationRequested: false })
            return null;
        await _state.CreateIfNotExistsAsync(cancellationToken: cancellation);
        BinaryData note = BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(_own, WatcherJson.Default.WatcherNote));
        await CreateAsync(note, cancellation);
        BlobLeaseClient lease = _blob.GetBlobLeaseClient();
        if (!await TryAcquireAsync(lease, cancellation))
        {
            WatcherNote other = await ReadAsync(cancellation);
            if (!other.IsGone)
                return other;
            Log.Broken(_logger, other.Process, _container);
            await BreakAsync(cancellation);
            if (!await TryAcquireAsync(lease, cancellation))
                return await ReadAsync(cancellation);
        }

        BlobRequestConditions own = new() { LeaseId = lease.LeaseId };
        await _blob.UploadAsync(note, new BlobUploadOptions { Conditions = own }, cancellation);
        _lease = lease;
        _held?.Dispose();
        _held = new CancellationTokenSource();
        _renewing = RenewAsync(lease, _held);
        return null;
    }

    /// <summary>Logs which process this one waits for, once per process.</summary>
    public void SayWhoHasIt(WatcherNote other)
    {
        if (_told != other)
            Log.Waits(_logger, _container, other.ToString());
        _told = other;
    }

    /// <summary>Watches while this process has the claim, and waits while it has not, until the token is cancelled.</summary>
    /// <param name="watch">Watches until its token is cancelled.</param>
    public async Task RunAsync(Func<CancellationToken, Task> watch, CancellationToken listening)
    {
        while (!listening.IsCancellationRequested)
        {
            try
            {
                if (await TakeAsync(listening) is not { } other)
                {
                    CancellationToken held = _held!.Token; // not null: the claim was taken
                    using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(listening, held);
                    await watch(either.Token);
                    _told = null;
                    continue;
                }

                SayWhoHasIt(other);
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException or IOException)
            {
                Log.Failed(_logger, _container, e.Message.Split('\n', 2)[0]);
            }
            catch (OperationCanceledException) when (listening.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(Look, listening).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    /// <summary>Releases the claim, so that another process need not wait for the lease to expire.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_held is null)
            return;
        bool held = !_held.IsCancellationRequested;
        await _held.CancelAsync();
        await _renewing;
        _held.Dispose();
        _held = null;
        if (!held)
            return;
        try
        {
            await _blob.DeleteIfExistsAsync(conditions: new BlobRequestConditions { LeaseId = _lease!.LeaseId }); // set with _held
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or IOException)
        {
            Log.NotReturned(_logger, _container, e.Message.Split('\n', 2)[0]);
        }
    }

    private async Task CreateAsync(BinaryData note, CancellationToken cancellation)
    {
        try
        {
            BlobRequestConditions absent = new() { IfNoneMatch = ETag.All };
            await _blob.UploadAsync(note, new BlobUploadOptions { Conditions = absent }, cancellation);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // The blob exists, with or without a lease.
        }
    }

    private static async Task<bool> TryAcquireAsync(BlobLeaseClient lease, CancellationToken cancellation)
    {
        try
        {
            await lease.AcquireAsync(Lease, cancellationToken: cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 404) // 404: it was just released
        {
            return false;
        }
    }

    private async Task BreakAsync(CancellationToken cancellation)
    {
        try
        {
            await _blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: cancellation);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 404)
        {
            // The lease has expired, or another process broke it.
        }
    }

    private async Task<WatcherNote> ReadAsync(CancellationToken cancellation)
    {
        for (int read = 1; read <= Reads; read++)
        {
            try
            {
                BlobDownloadResult found = await _blob.DownloadContentAsync(cancellation);
                if (JsonSerializer.Deserialize(found.Content.ToMemory().Span, WatcherJson.Default.WatcherNote) is { } note)
                    return note;
            }
            catch (Exception e) when (e is JsonException or RequestFailedException { Status: 404 })
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
            }
        }

        return new WatcherNote(null, "an unknown machine", 0, DateTimeOffset.UnixEpoch, null);
    }

    private async Task RenewAsync(BlobLeaseClient lease, CancellationTokenSource held)
    {
        while (true)
        {
            try
            {
                await Task.Delay(Lease / 3, held.Token);
                await lease.RenewAsync(cancellationToken: held.Token);
            }
            catch (OperationCanceledException) when (held.IsCancellationRequested)
            {
                return;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412)
            {
                Log.Lost(_logger, _container);
                await held.CancelAsync();
                return;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException or IOException or OperationCanceledException)
            {
                // Retry: this process keeps the lease until another one has taken it.
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "Events of container {Container} are raised by {Other}: this process raises them when that one has ended."
        )]
        public static partial void Waits(ILogger logger, string container, string other);

        [LoggerMessage(2, LogLevel.Information, "Process {Process}, which watched container {Container}, is gone: this one takes over.")]
        public static partial void Broken(ILogger logger, int process, string container);

        [LoggerMessage(3, LogLevel.Warning, "Container {Container} is watched by another process now: this one waits.")]
        public static partial void Lost(ILogger logger, string container);

        [LoggerMessage(4, LogLevel.Warning, "Container {Container} cannot be watched: {Reason}")]
        public static partial void Failed(ILogger logger, string container, string reason);

        [LoggerMessage(5, LogLevel.Warning, "The claim to watch container {Container} could not be given back and ends in 15 s: {Reason}")]
        public static partial void NotReturned(ILogger logger, string container, string reason);
    }
}
