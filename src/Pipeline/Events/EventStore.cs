using System.Globalization;
using System.Runtime.CompilerServices;
using AaClip.Pipeline.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Events;

/// <summary>Stores the windows of each camera in a blob of the state container, changed under its ETag.</summary>
internal sealed class EventStore(StorageClients storage, TimeProvider time)
{
    private const string Folder = "events/";
    private const string CameraKey = "camera",
        EndKey = "end"; // metadata of the blobs

    private readonly BlobContainerClient _container = storage.Container(ContainerNames.State);

    /// <summary>Reads a state; returns the empty one if there is none.</summary>
    /// <exception cref="InvalidDataException">The blob is not a state that this program knows.</exception>
    public async Task<EventState> GetAsync(string camera, CancellationToken cancellation = default) =>
        (await Blob(camera).ReadAsync(cancellation))?.Document ?? EventState.Empty;

    /// <summary>
    /// Changes a state. If another worker changed it meanwhile, reads it again and calls <paramref name="change"/> again. If
    /// <paramref name="change"/> returns its argument, nothing is written.
    /// </summary>
    /// <returns>The state as it is stored now.</returns>
    /// <exception cref="InvalidDataException">The blob is not a state that this program knows.</exception>
    /// <exception cref="IOException">Other workers changed the blob at every attempt; a later call may succeed.</exception>
    public async Task<EventState> ChangeAsync(
        string camera,
        Func<EventState, EventState> change,
        CancellationToken cancellation = default
    ) =>
        await Blob(camera)
            .ChangeAsync(
                before =>
                    change(before ?? EventState.Empty) is var after && before is null && ReferenceEquals(after, EventState.Empty)
                        ? null
                        : after,
                cancellation
            )
        ?? EventState.Empty;

    /// <summary>Lists the cameras with a window that ends before a time. Reads only a listing with metadata, not the blobs.</summary>
    public async IAsyncEnumerable<string> EndingAsync(
        DateTimeOffset before,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        GetBlobsOptions options = new() { Traits = BlobTraits.Metadata, Prefix = Folder };
        await foreach (BlobItem blob in _container.GetBlobsAsync(options, cancellation))
            if (
                blob.Metadata.TryGetValue(CameraKey, out string? camera)
                && blob.Metadata.TryGetValue(EndKey, out string? end)
                && DateTimeOffset.Parse(end, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind) <= before
            )
                yield return Uri.UnescapeDataString(camera);
    }

    private VersionedBlob<EventState> Blob(string camera) =>
        new(
            _container.GetBlobClient(BlobNames.OfState(Folder, camera)),
            EventJson.Default.EventState,
            "a state of events",
            time,
            state => Metadata(camera, state)
        );

    // A camera name that is too long for metadata is left out: its windows are closed by its next frames.
    private static Dictionary<string, string>? Metadata(string camera, EventState state) =>
        state.Windows.Count == 0 || Uri.EscapeDataString(camera) is not { Length: < 4096 } name
            ? null
            : new() { [CameraKey] = name, [EndKey] = state.Windows[0].End.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture) };
}
