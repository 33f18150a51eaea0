using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Scoring.Tiles;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// The reference images of cameras, as patches: blobs config/references/{camera}/{model hash}.safetensors, one for each model. Listed again
/// as often as the profiles are read, and read again when an ETag changes. Thread-safe.
/// </summary>
public sealed partial class CameraReferences : IDisposable
{
    /// <summary>Folder in the config container.</summary>
    public const string Folder = "references/";

    private const string Ending = ".safetensors";
    private const long MaxFile = 512L << 20;
    private const long MaxBytes = 512 << 20; // of all patches in memory; those of a camera that was not used for longest go first

    private readonly BlobContainerClient _config;
    private readonly ILogger _logger;
    private readonly Refreshed<Dictionary<string, ETag>> _blobs; // of all cameras and models
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly LinkedList<Loaded> _loaded = []; // last used first

    /// <summary>Reads nothing before the first call of <see cref="FindAsync"/>.</summary>
    public CameraReferences(StorageClients storage, IOptions<CamerasOptions> options, TimeProvider time, ILogger<CameraReferences> logger)
    {
        _config = storage.Container(ContainerNames.Config);
        _logger = logger;
        _blobs = new(TimeSpan.FromSeconds(options.Value.RefreshSeconds), time);
    }

    /// <summary>Finds the references for an image.</summary>
    /// <param name="model">The model that scores it.</param>
    /// <param name="objectClass">Its class.</param>
    /// <param name="tiling">How it is cut; null if it is scored whole.</param>
    /// <returns>Null if the camera has none.</returns>
    /// <exception cref="RequestFailedException">Storage does not respond.</exception>
    public async Task<CameraReference?> FindAsync(
        string camera,
        ModelManifest model,
        string objectClass,
        Tiling? tiling,
        CancellationToken cancellation = default
    )
    {
        Dictionary<string, ETag> blobs = await _blobs.GetAsync(ListAsync, cancellation);
        string own = BlobOf(camera, model.ScoresHash ?? "");
        if (!blobs.TryGetValue(own, out ETag etag))
        {
            string folder = FolderOf(camera);
            return blobs.Keys.Any(b => b.StartsWith(folder, StringComparison.Ordinal)) ? new(null, CameraReference.OtherModel) : null;
        }

        return await LoadAsync(own, etag, cancellation) is not { } patches
            ? new(null, CameraReference.Damaged)
            : patches.MisfitOf(model, objectClass, tiling) switch
            {
                null => new(patches, null),
                Misfit.Class => new(null, CameraReference.OtherClass),
                Misfit.Tiles => new(null, CameraReference.OtherTiles),
                _ => new(null, CameraReference.OtherModel),
            };
    }

    /// <summary>Stores the references of a camera, in place of those of the same model.</summary>
    /// <param name="file">A file that <see cref="ReferencePatches.Write"/> wrote.</param>
    /// <param name="model">Hash of the model: <see cref="ReferencePatches.Model"/>.</param>
    /// <returns>Name of the blob.</returns>
    public static async Task<string> StoreAsync(
        StorageClients storage,
        string camera,
        string model,
        string file,
        CancellationToken cancellation = default
    )
    {
        BlobClient blob = storage.Container(ContainerNames.Config).GetBlobClient(BlobOf(camera, model));
        using FileStream content = File.OpenRead(file);
        await blob.UploadAsync(content, overwrite: true, cancellation);
        return blob.Name;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blobs.Dispose();
        _loading.Dispose();
    }

    private static string FolderOf(string camera) => $"{Folder}{BlobNames.Shortened(camera)}/";

    private static string BlobOf(string camera, string model) => $"{FolderOf(camera)}{model}{Ending}";

    private async Task<Dictionary<string, ETag>> ListAsync(Dictionary<string, ETag>? known, CancellationToken cancellation)
    {
        try
        {
            Dictionary<string, ETag> blobs = new(StringComparer.Ordinal);
            await foreach (BlobItem item in _config.GetBlobsAsync(BlobTraits.None, BlobStates.None, Folder, cancellation))
                if (item.Properties.ETag is { } etag)
                    blobs[item.Name] = etag;
            return blobs;
        }
        catch (Exception e) when (known is not null && InfrastructureException.Is(e))
        {
            Log.Unreachable(_logger, Fault.Text(e));
            return known;
        }
    }

    /// <returns>Null if the file is damaged.</returns>
    private async Task<ReferencePatches?> LoadAsync(string name, ETag etag, CancellationToken cancellation)
    {
        if (Find() is { } present)
            return present.Patches;
        await _loading.WaitAsync(cancellation); // one at a time: each takes much memory
        try
        {
            if (Find() is { } meanwhile)
                return meanwhile.Patches;
            Loaded loaded = new(name, etag, await ReadAsync(name, etag, cancellation));
            lock (_loaded)
            {
                if (_loaded.FirstOrDefault(l => l.Name == name) is { } older)
                    _loaded.Remove(older);
                _loaded.AddFirst(loaded);
                while (_loaded.Count > 1 && _loaded.Sum(l => l.Bytes) > MaxBytes)
                    _loaded.RemoveLast();
            }

            return loaded.Patches;
        }
        finally
        {
            _loading.Release();
        }

        // In memory; it becomes the one that was used last
        Loaded? Find()
        {
            lock (_loaded)
            {
                Loaded? known = _loaded.FirstOrDefault(l => l.Name == name && l.ETag == etag);
                if (known is not null && _loaded.First?.Value != known)
                {
                    _loaded.Remove(known);
                    _loaded.AddFirst(known);
                }

                return known;
            }
        }
    }

    private async Task<ReferencePatches?> ReadAsync(string name, ETag etag, CancellationToken cancellation)
    {
        string file = Path.Combine(Path.GetTempPath(), $"aaclip-references-{Guid.NewGuid():N}{Ending}");
        try
        {
            BlobDownloadToOptions options = new() { Conditions = new BlobRequestConditions { IfMatch = etag } };
            BlobClient blob = _config.GetBlobClient(name);
            if ((await blob.GetPropertiesAsync(options.Conditions, cancellation)).Value.ContentLength is > MaxFile and var length)
                throw new InvalidDataException($"It has {length} bytes, more than references can have.");
            await blob.DownloadToAsync(file, options, cancellation);
            ReferencePatches patches = ReferencePatches.Read(file);
            Log.Loaded(_logger, name, patches.Images, patches.Count, patches.Sha256);
            return patches;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            _blobs.Forget(); // it has changed since it was listed; the retry lists again
            throw;
        }
        catch (InvalidDataException e)
        {
            Log.Damaged(_logger, name, e.Message);
            return null;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed record Loaded(string Name, ETag ETag, ReferencePatches? Patches)
    {
        public long Bytes => sizeof(float) * (Patches?.Columns.LongLength ?? 0);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Loaded {Blob}: {Images} reference images, {Count} patches of each level, {Sha256}.")]
        public static partial void Loaded(ILogger logger, string blob, int images, int count, string? sha256);

        [LoggerMessage(2, LogLevel.Error, "{Blob} is damaged: images are scored without references. Calibrate again. {Error}")]
        public static partial void Damaged(ILogger logger, string blob, string error);

        [LoggerMessage(3, LogLevel.Warning, "References cannot be listed at the moment ({Reason}): those known before stay in force.")]
        public static partial void Unreachable(ILogger logger, string reason);
    }
}

/// <summary>The references of a camera for an image, or why they are not used.</summary>
/// <param name="Patches">Null if they are not used.</param>
/// <param name="Unused">One of the constants below; null if they are used.</param>
public sealed record CameraReference(ReferencePatches? Patches, string? Unused)
{
    /// <summary>They were made with another model.</summary>
    public const string OtherModel = "model";

    /// <summary>They were calibrated as another class.</summary>
    public const string OtherClass = "class";

    /// <summary>The images were cut into other tiles.</summary>
    public const string OtherTiles = "tiles";

    /// <summary>The file is damaged.</summary>
    public const string Damaged = "damaged";

    /// <summary>The model's package cannot compare images with references: an older program made it.</summary>
    public const string OldPackage = "package";
}
