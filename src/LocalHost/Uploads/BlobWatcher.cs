using System.Diagnostics;
using AaClip.LocalHost.Queues;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Uploads;

/// <summary>
/// Stands in for Event Grid, which Azurite does not have: lists a container over and over, and puts one BlobCreated event on a queue for each
/// new or overwritten blob. What was raised is noted in a blob, so a restart raises neither everything again nor too little; a crash may raise
/// twice what was raised since the last note, which is a matter of milliseconds while the container is small.
/// </summary>
internal sealed partial class BlobWatcher(
    BlobContainerClient container, BlobContainerClient state, QueueClient queue, bool base64, LocalHostOptions options, Doorbell doorbell, ILogger logger)
{
    private const int PageSize = 5000;
    private const int NoteShare = 20; // one part in so many of the time goes into notes, which grow with the container

    private readonly BlobClient _note = state.GetBlobClient($"events/{container.Name}");
    private SeenBlobs _seen = new();
    private bool _unnoted;
    private TimeSpan _noteTook;
    private long _notedAt;

    /// <summary>Creates what is missing and reads what was noted.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        await container.CreateIfNotExistsAsync(cancellationToken: cancellation).ConfigureAwait(false);
        await state.CreateIfNotExistsAsync(cancellationToken: cancellation).ConfigureAwait(false);
        await queue.CreateIfNotExistsAsync(cancellationToken: cancellation).ConfigureAwait(false);
        try
        {
            BlobDownloadResult note = await _note.DownloadContentAsync(cancellation).ConfigureAwait(false);
            if (SeenBlobs.Read(note.Content.ToMemory().Span) is { } seen)
                _seen = seen;
            else
                Log.Unreadable(logger, _note.Name, container.Name);
        }
        catch (RequestFailedException absent) when (absent.Status == 404)
        {
        }
    }

    public async Task RunAsync(CancellationToken listening)
    {
        try
        {
            while (true)
            {
                long started = Stopwatch.GetTimestamp();
                await LookAsync(listening).ConfigureAwait(false);
                // A container so large that one look takes long is looked at half of the time, no more.
                TimeSpan took = Stopwatch.GetElapsedTime(started);
                await Task.Delay(took > options.WatchInterval ? took : options.WatchInterval, options.Time, listening).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (listening.IsCancellationRequested)
        {
        }

        await NoteAsync().ConfigureAwait(false);
    }

    private async Task LookAsync(CancellationToken listening)
    {
        try
        {
            _seen.BeginPass();
            int listed = 0;
            await foreach (Page<BlobItem> page in container.GetBlobsAsync(cancellationToken: listening).AsPages(pageSizeHint: PageSize).ConfigureAwait(false))
            {
                listed += page.Values.Count;
                foreach (BlobItem blob in page.Values.Where(blob => !_seen.Contains(blob.Name, BlobCreatedEvent.ETagOf(blob))).OrderBy(blob => blob.Properties.LastModified))
                {
                    await RaiseAsync(blob, listening).ConfigureAwait(false);
                    await NoteIfDueAsync().ConfigureAwait(false);
                }
            }

            if (listed < _seen.Count)
                _seen.EndPass();
            await NoteIfDueAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is RequestFailedException or AggregateException or IOException)
        {
            Log.Unlisted(logger, failure, container.Name, failure.Message);
        }
    }

    private async Task RaiseAsync(BlobItem blob, CancellationToken listening)
    {
        BinaryData text = BinaryData.FromString(BlobCreatedEvent.Of(container, blob).ToJson());
        listening.ThrowIfCancellationRequested();
        await queue.SendMessageAsync(base64 ? BinaryData.FromString(Convert.ToBase64String(text.ToMemory().Span)) : text, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: CancellationToken.None).ConfigureAwait(false);
        _seen.Add(blob.Name, BlobCreatedEvent.ETagOf(blob));
        _unnoted = true;
        doorbell.Ring();
        Log.Raised(logger, container.Name, blob.Name);
    }

    private Task NoteIfDueAsync() => Stopwatch.GetElapsedTime(_notedAt) >= NoteShare * _noteTook ? NoteAsync() : Task.CompletedTask;

    private async Task NoteAsync()
    {
        if (!_unnoted)
            return;
        long started = Stopwatch.GetTimestamp();
        try
        {
            await _note.UploadAsync(BinaryData.FromBytes(_seen.Write()), overwrite: true).ConfigureAwait(false);
            _unnoted = false;
            _notedAt = Stopwatch.GetTimestamp();
            _noteTook = Stopwatch.GetElapsedTime(started);
        }
        catch (Exception failure) when (failure is RequestFailedException or AggregateException or IOException)
        {
            Log.Unnoted(logger, failure, container.Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Raised the event of {Container}/{Blob}.")]
        public static partial void Raised(ILogger logger, string container, string blob);

        [LoggerMessage(2, LogLevel.Warning, "Container {Container} cannot be watched: {Reason}")]
        public static partial void Unlisted(ILogger logger, Exception failure, string container, string reason);

        [LoggerMessage(3, LogLevel.Warning, "Blob {Note} is damaged: every blob of {Container} raises its event again.")]
        public static partial void Unreadable(ILogger logger, string note, string container);

        [LoggerMessage(4, LogLevel.Warning, "The events raised for {Container} could not be noted; a restart would raise the newest again.")]
        public static partial void Unnoted(ILogger logger, Exception failure, string container);
    }
}
