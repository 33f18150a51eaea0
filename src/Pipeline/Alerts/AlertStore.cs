using System.Globalization;
using System.Runtime.CompilerServices;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// The cameras' states as blobs, changed under their ETags: of two workers that change one at once, the second decides again.
/// </summary>
internal sealed class AlertStore(StorageClients storage, TimeProvider time)
{
    private const string Folder = "alerts/";
    private const string CameraKey = "camera",
        UndeliveredKey = "undelivered",
        SinceKey = "since"; // metadata of the blobs

    private readonly BlobContainerClient _container = storage.Container(ContainerNames.State);

    /// <summary>
    /// Blob of a camera in the state container: "alerts/{camera}.json", escaped as in an address; very long names are shortened by a hash.
    /// </summary>
    public static string BlobName(string camera)
    {
        string name = Uri.EscapeDataString(camera);
        if (name.Length > 200)
            name = $"{name[..100]}~{TextHash.Hex(camera, 32)}";
        return $"{Folder}{name}.json";
    }

    /// <summary>Reads a state; the empty one where there is none.</summary>
    /// <exception cref="InvalidDataException">The blob is not a state that this program knows.</exception>
    public async Task<AlertState> GetAsync(string camera, CancellationToken cancellation = default) =>
        (await Blob(camera).ReadAsync(cancellation))?.Document ?? AlertState.Empty;

    /// <summary>
    /// Changes a state. When another worker was faster, reads again and lets <paramref name="change"/> decide again; when it gives back the
    /// instance it got, writes nothing.
    /// </summary>
    /// <returns>The state as it is stored now.</returns>
    /// <exception cref="InvalidDataException">The blob is not a state that this program knows.</exception>
    /// <exception cref="IOException">Other workers were faster each time; a later attempt may succeed.</exception>
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

    /// <summary>Cameras with changes that a receiver lacks, from one listing; nothing else is read.</summary>
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

    private VersionedBlob<AlertState> Blob(string camera) =>
        new(
            _container.GetBlobClient(BlobName(camera)),
            AlertJson.Default.AlertState,
            "a state of alerts",
            time,
            state => Metadata(camera, state)
        );

    // A name longer than metadata take keeps its place in the outbox: it is delivered with the camera's next image.
    private static Dictionary<string, string>? Metadata(string camera, AlertState state) =>
        state.Outbox.Count == 0 || Uri.EscapeDataString(camera) is not { Length: < 4096 } name
            ? null
            : new()
            {
                [CameraKey] = name,
                [UndeliveredKey] = state.Outbox.Count.ToString(CultureInfo.InvariantCulture),
                [SinceKey] = state.Outbox.Min(p => p.Since ?? p.Change.Time).ToUniversalTime().ToString("O", CultureInfo.InvariantCulture),
            };
}

/// <summary>A camera whose outbox is not empty.</summary>
/// <param name="Changes">How many changes wait.</param>
/// <param name="Since">When the oldest of them was decided.</param>
internal sealed record Undelivered(string Camera, int Changes, DateTimeOffset Since);
