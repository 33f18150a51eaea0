using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Uploads;

/// <summary>
/// Lets one process at a time watch a container: it holds a lease on a blob in which it says who it is. The others wait for it to end. The
/// lease of a process of this machine that is gone is broken at once; on other machines it runs out.
/// </summary>
public sealed partial class WatchClaim : IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15); // the shortest that storage gives
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(3);
    private const int Reads = 5; // of a note that is being written

    private readonly BlobContainerClient _state;
    private readonly BlobClient _blob;
    private readonly string _container;
    private readonly WatcherNote _own;
    private readonly ILogger _logger;
    private BlobLeaseClient? _lease;
    private WatcherNote? _told;
    private CancellationTokenSource? _held; // cancelled when the lease is another's
    private Task _renewing = Task.CompletedTask;

    /// <param name="state">Container of the blob; it is made when it is missing.</param>
    /// <param name="container">Name of the container to be watched.</param>
    /// <param name="own">What others are told of this process.</param>
    public WatchClaim(BlobContainerClient state, string container, WatcherNote own, ILogger logger)
    {
        (_state, _blob, _container, _own, _logger) = (state, state.GetBlobClient($"events/{container}.watcher"), container, own, logger);
    }

    /// <summary>Takes the claim, or finds who has it.</summary>
    /// <returns>Null when it is taken; the other one's note otherwise.</returns>
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

    /// <summary>Says for whom this process waits, once for each.</summary>
    public void SayWhoHasIt(WatcherNote other)
    {
        if (_told != other)
            Log.Waits(_logger, _container, other.ToString());
        _told = other;
    }

    /// <summary>Watches whenever the claim is this process's, until it is told to end.</summary>
    /// <param name="watch">Watches until its token ends it.</param>
    public async Task RunAsync(Func<CancellationToken, Task> watch, CancellationToken listening)
    {
        while (!listening.IsCancellationRequested)
        {
            try
            {
                if (await TakeAsync(listening) is not { } other)
                {
                    CancellationToken held = _held!.Token; // taken
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

    /// <summary>Gives the claim back, so that another one need not wait for the lease to run out.</summary>
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
            // It is there, with a lease or without one.
        }
    }

    private static async Task<bool> TryAcquireAsync(BlobLeaseClient lease, CancellationToken cancellation)
    {
        try
        {
            await lease.AcquireAsync(Lease, cancellationToken: cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 404) // 404: given back this moment
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
            // It ran out meanwhile, or another one broke it.
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
                // Tried again: the lease is this process's until another one has taken it.
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
