using System.Globalization;
using System.Runtime.CompilerServices;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Stores the alert state of each camera in a blob, changed under its ETag: if two workers change one at the same time, the second decides
/// again.
/// </summary>
internal sealed class AlertStore(StorageClients storage, TimeProvider time)
{
    private const string Folder = "alerts/";
    private const string CameraKey = "camera",
        UndeliveredKey = "undelivered",
        SinceKey = "since",
        OpenKey = "open",
        SilenceKey = "silence",
        DriftKey = "drift"; // metadata of the blobs

    private readonly BlobContainerClient _container = storage.Container(ContainerNames.State);

    /// <summary>Returns the blob name of a camera's state.</summary>
    public static string BlobName(string camera) => BlobNames.OfState(Folder, camera);

    /// <summary>Reads a state; returns the empty one if there is none.</summary>
    /// <exception cref="InvalidDataException">The blob is not a state that this program knows.</exception>
    public async Task<AlertState> GetAsync(string camera, CancellationToken cancellation = default) =>
        (await Blob(camera).ReadAsync(cancellation))?.Document ?? AlertState.Empty;

    /// <summary>
    /// Changes a state. If another worker changed it meanwhile, reads it again and calls <paramref name="change"/> again. If
    /// <paramref name="change"/> returns its argument, nothing is written.
    /// </summary>
    /// <returns>The state as it is stored now.</returns>
    /// <exception cref="InvalidDataException">The blob is not a state that this program knows.</exception>
    /// <exception cref="IOException">Other workers changed the blob at every attempt; a later call may succeed.</exception>
    public async Task<AlertState> ChangeAsync(
        string camera,
        Func<AlertState, AlertState> change,
        CancellationToken cancellation = default
    ) =>
        await Blob(camera)
            .ChangeAsync(
                before =>
                    change(before ?? AlertState.Empty) is var after && before is null && ReferenceEquals(after, AlertState.Empty)
                        ? null
                        : after,
                cancellation
            )
        ?? AlertState.Empty;

    /// <summary>Lists the cameras with undelivered changes. Reads only a listing with metadata, not the blobs.</summary>
    public async IAsyncEnumerable<Undelivered> UndeliveredAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        GetBlobsOptions options = new() { Traits = BlobTraits.Metadata, Prefix = Folder };
        await foreach (BlobItem blob in _container.GetBlobsAsync(options, cancellation))
            if (
                blob.Metadata.TryGetValue(UndeliveredKey, out string? count)
                && blob.Metadata.TryGetValue(SinceKey, out string? since)
                && blob.Metadata.TryGetValue(CameraKey, out string? camera)
            )
                yield return new Undelivered(
                    Uri.UnescapeDataString(camera),
                    int.Parse(count, CultureInfo.InvariantCulture),
                    DateTimeOffset.Parse(since, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)
                );
    }

    /// <summary>Lists the cameras with an open alert of any kind. Reads only a listing with metadata, not the blobs.</summary>
    public IAsyncEnumerable<string> OpenAsync(CancellationToken cancellation = default) =>
        WithAsync([OpenKey, SilenceKey, DriftKey], cancellation);

    /// <summary>Lists the cameras with an alert of silence or drift, also where a person closed it. Reads as above.</summary>
    public IAsyncEnumerable<string> WithConditionAsync(CancellationToken cancellation = default) =>
        WithAsync([SilenceKey, DriftKey], cancellation);

    private async IAsyncEnumerable<string> WithAsync(string[] keys, [EnumeratorCancellation] CancellationToken cancellation)
    {
        GetBlobsOptions options = new() { Traits = BlobTraits.Metadata, Prefix = Folder };
        await foreach (BlobItem blob in _container.GetBlobsAsync(options, cancellation))
            if (keys.Any(blob.Metadata.ContainsKey) && blob.Metadata.TryGetValue(CameraKey, out string? camera))
                yield return Uri.UnescapeDataString(camera);
    }

    private VersionedBlob<AlertState> Blob(string camera) =>
        new(
            _container.GetBlobClient(BlobName(camera)),
            AlertJson.Default.AlertState,
            "a state of alerts",
            time,
            state => Metadata(camera, state)
        );

    // A camera name that is too long for metadata is left out: its outbox is delivered with the camera's next image, so its silence is not
    // told before.
    private static Dictionary<string, string>? Metadata(string camera, AlertState state)
    {
        if (
            state is { Outbox.Count: 0, Open: null, Silence: null, Drift: null }
            || Uri.EscapeDataString(camera) is not { Length: < 4096 } name
        )
            return null;
        Dictionary<string, string> metadata = new() { [CameraKey] = name };
        if (state.Open is { } open)
            metadata[OpenKey] = open.Id;
        if (state.Silence is { } silence)
            metadata[SilenceKey] = silence.Id;
        if (state.Drift is { } drift)
            metadata[DriftKey] = drift.Id;
        if (state.Outbox.Count > 0)
        {
            metadata[UndeliveredKey] = state.Outbox.Count.ToString(CultureInfo.InvariantCulture);
            metadata[SinceKey] = state
                .Outbox.Min(p => p.Since ?? p.Change.Time)
                .ToUniversalTime()
                .ToString("O", CultureInfo.InvariantCulture);
        }

        return metadata;
    }
}

/// <summary>A camera whose outbox is not empty.</summary>
/// <param name="Changes">Number of undelivered changes.</param>
/// <param name="Since">When the oldest of them was decided.</param>
internal sealed record Undelivered(string Camera, int Changes, DateTimeOffset Since);
