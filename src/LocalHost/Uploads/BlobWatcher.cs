using System.Diagnostics;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Uploads;

/// <summary>
/// Replaces Event Grid, which Azurite does not have. Lists a container repeatedly and puts one BlobCreated event on a queue for each new or
/// overwritten blob, but not for changes of metadata, properties or tags (<see cref="BlobVersion"/>). Raised events are recorded in a blob,
/// so a restart raises no event again and misses none. After a crash, the events raised since the last record may be raised again; for a
/// small container that is a few milliseconds.
/// </summary>
public sealed partial class BlobWatcher(BlobContainerClient container, BlobContainerClient state, TimeSpan interval, ILogger logger)
{
    private const int PageSize = 5000;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10); // between two listings that fail
    private const int NoteShare = 20; // at most 1/20 of the time is spent on writing the record, which grows with the container

    private readonly BlobClient _note = state.GetBlobClient($"events/{container.Name}");
    private SeenBlobs _seen = new();
    private bool _unnoted;
    private TimeSpan _noteTook;
    private long _notedAt;
    private TimeSpan _pause; // grows while listings fail
    private string? _trouble;

    /// <summary>Creates missing containers and reads the record of raised events.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        await container.CreateIfNotExistsAsync(cancellationToken: cancellation);
        await state.CreateIfNotExistsAsync(cancellationToken: cancellation);
        try
        {
            BlobDownloadResult note = await _note.DownloadContentAsync(cancellation);
            if (SeenBlobs.Read(note.Content.ToMemory().Span) is { } seen)
                _seen = seen;
            else
                Log.Unreadable(logger, _note.Name, container.Name);
        }
        catch (RequestFailedException absent) when (absent.Status == 404) { }
    }

    /// <summary>Watches until the token is cancelled, then writes the record.</summary>
    /// <param name="raise">Sends one event: a JSON text in the Event Grid schema.</param>
    public async Task RunAsync(Func<string, CancellationToken, Task> raise, CancellationToken listening)
    {
        try
        {
            while (true)
            {
                long started = Stopwatch.GetTimestamp();
                bool looked = await LookAsync(raise, listening);
                _pause = looked ? TimeSpan.Zero : Longer(_pause);
                // Pause at least as long as the listing took: listing a large container takes at most half of the time.
                TimeSpan took = Stopwatch.GetElapsedTime(started),
                    pause = took > interval ? took : interval;
                await Task.Delay(pause > _pause ? pause : _pause, listening);
            }
        }
        catch (OperationCanceledException) when (listening.IsCancellationRequested) { }

        await NoteAsync();
    }

    private async Task<bool> LookAsync(Func<string, CancellationToken, Task> raise, CancellationToken listening)
    {
        try
        {
            _seen.BeginPass();
            int listed = 0;
            await foreach (Page<BlobItem> page in container.GetBlobsAsync(cancellationToken: listening).AsPages(pageSizeHint: PageSize))
            {
                listed += page.Values.Count;
                IEnumerable<BlobItem> fresh = page.Values.Where(blob =>
                    !_seen.Contains(blob.Name, BlobVersion.Of(blob), BlobVersion.ETagOf(blob))
                );
                foreach (BlobItem blob in fresh.OrderBy(blob => blob.Properties.LastModified))
                {
                    await RaiseAsync(blob, raise, listening);
                    await NoteIfDueAsync();
                }
            }

            if (listed < _seen.Count)
                _seen.EndPass();
            await NoteIfDueAsync();
            if (_trouble is not null)
                Log.Listed(logger, container.Name);
            _trouble = null;
            return true;
        }
        catch (Exception failure) when (!listening.IsCancellationRequested)
        {
            // Any failure: the next listing may succeed, and nothing else restarts the watcher.
            string reason = failure.Message.Split('\n', 2)[0].Trim();
            if (reason != _trouble)
                Log.Unlisted(logger, failure, container.Name, reason);
            _trouble = reason;
            return false;
        }
    }

    private static TimeSpan Longer(TimeSpan pause) =>
        pause == TimeSpan.Zero ? TimeSpan.FromMilliseconds(250)
        : pause * 2 < LongestPause ? pause * 2
        : LongestPause;

    private async Task RaiseAsync(BlobItem blob, Func<string, CancellationToken, Task> raise, CancellationToken listening)
    {
        listening.ThrowIfCancellationRequested();
        await raise(BlobCreatedEvent.Of(container, blob).ToJson(), CancellationToken.None);
        _seen.Add(blob.Name, BlobVersion.Of(blob));
        _unnoted = true;
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
            await _note.UploadAsync(BinaryData.FromBytes(_seen.Write()), overwrite: true);
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

        [LoggerMessage(2, LogLevel.Warning, "Container {Container} cannot be watched at the moment, images in it wait: {Reason}")]
        public static partial void Unlisted(ILogger logger, Exception failure, string container, string reason);

        [LoggerMessage(3, LogLevel.Warning, "Blob {Note} is damaged: every blob of {Container} raises its event again.")]
        public static partial void Unreadable(ILogger logger, string note, string container);

        [LoggerMessage(
            4,
            LogLevel.Warning,
            "The events raised for {Container} could not be noted; a restart would raise the newest again."
        )]
        public static partial void Unnoted(ILogger logger, Exception failure, string container);

        [LoggerMessage(5, LogLevel.Information, "Container {Container} is watched again.")]
        public static partial void Listed(ILogger logger, string container);
    }
}
