using AaClip.Pipeline.Storage;
using AaClip.Scoring;
using AaClip.Scoring.Packages;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>
/// Immutable model packages in the models container, <c>{name}/{version}/…</c>, and a cache of them on the local disk. model.json is
/// written last and read first, so a package that is still being uploaded is not visible. Every file is checked against its SHA-256 before
/// upload and after download.
/// </summary>
public sealed partial class ModelRepository(StorageClients storage, IOptions<ModelOptions> options, ILogger<ModelRepository> logger)
{
    private readonly BlobContainerClient _models = storage.Container(ContainerNames.Models);

    /// <summary>Uploads a package, unless the container has it already.</summary>
    /// <returns>"name@version".</returns>
    /// <exception cref="InvalidDataException">
    /// The package is damaged, or the container has a different package of this name and version.
    /// </exception>
    public async Task<string> PublishAsync(string folder, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        PackageFolder package = AnyPackage.Open(folder);
        string prefix = Prefix(package.Id),
            id = package.Id;
        byte[] manifest = await File.ReadAllBytesAsync(Path.Combine(package.Folder, ModelManifest.FileName), cancellation);
        BlobClient last = _models.GetBlobClient(prefix + ModelManifest.FileName);
        if (await ContentAsync(last, cancellation) is { } there)
        {
            RequireSame(there, manifest, id);
            return id;
        }

        package.Verify([.. package.Files.Keys]);
        int done = 0;
        foreach (string name in package.Files.Keys)
        {
            progress?.Invoke(done++, package.Files.Count + 1);
            using FileStream file = File.OpenRead(package.PathOf(name));
            await _models.GetBlobClient(prefix + name).UploadAsync(file, new BlobUploadOptions(), cancellation);
        }

        try
        {
            await last.UploadAsync(
                BinaryData.FromBytes(manifest),
                new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } },
                cancellation
            );
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            RequireSame(await ContentAsync(last, cancellation) ?? [], manifest, id);
        }

        return id;
    }

    /// <summary>Stores the report of a scan of a published package, with its pictures; it takes the place of an earlier one.</summary>
    /// <param name="folder">The package's folder.</param>
    /// <param name="report">File name of the report, which is stored last.</param>
    /// <returns>False if the folder has no report.</returns>
    public async Task<bool> StoreScanAsync(string id, string folder, string report, CancellationToken cancellation = default)
    {
        string scan = Path.Combine(folder, ModelPackage.Scan),
            file = Path.Combine(scan, report);
        if (!File.Exists(file))
            return false;
        foreach (string name in Directory.GetFiles(scan, "*.png").Order(StringComparer.Ordinal).Append(file))
            await _models
                .GetBlobClient($"{Prefix(id)}{ModelPackage.Scan}/{Path.GetFileName(name)}")
                .UploadAsync(BinaryData.FromBytes(await File.ReadAllBytesAsync(name, cancellation)), overwrite: true, cancellation);
        return true;
    }

    /// <summary>The report of the scan of a published package; null if there is none.</summary>
    /// <param name="report">Its file name.</param>
    public Task<byte[]?> ReadScanAsync(string id, string report, CancellationToken cancellation = default) =>
        ContentAsync(_models.GetBlobClient($"{Prefix(id)}{ModelPackage.Scan}/{report}"), cancellation);

    /// <summary>Whether the container has a package.</summary>
    public async Task<bool> ExistsAsync(string id, CancellationToken cancellation = default) =>
        await _models.GetBlobClient(Prefix(id) + ModelManifest.FileName).ExistsAsync(cancellation);

    /// <summary>SHA-256 of the model.json of a package in the container, lower-case hexadecimal.</summary>
    /// <returns>Null if the container does not have the package.</returns>
    public async Task<string?> HashAsync(string id, CancellationToken cancellation = default) =>
        await ContentAsync(_models.GetBlobClient(Prefix(id) + ModelManifest.FileName), cancellation) is { } manifest
            ? PackageFolder.HashOf(manifest)
            : null;

    /// <summary>Checks that the container has a package, and its kind.</summary>
    /// <param name="wanted"><see cref="PackageKind"/>; null for one that scores images.</param>
    /// <returns>SHA-256 of its model.json.</returns>
    /// <exception cref="ArgumentException">There is none, or it is of another kind.</exception>
    public async Task<string> RequireModelAsync(string id, string? wanted = null, CancellationToken cancellation = default)
    {
        string name = Prefix(id) + ModelManifest.FileName;
        if (await ContentAsync(_models.GetBlobClient(name), cancellation) is not { } manifest)
            throw new ArgumentException($"Model {id} is not in container '{_models.Name}': publish it with 'aaclip publish FOLDER'.");
        if (PackageFolder.KindOf(manifest, $"{_models.Name}/{name}") is var kind && kind != wanted)
            throw new ArgumentException(
                $"{id} is {PackageKind.Describe(kind)}, not {PackageKind.Describe(wanted)}: {PackageKind.Use(kind)}name "
                    + $"{PackageKind.Describe(wanted)} here."
            );
        return PackageFolder.HashOf(manifest);
    }

    /// <summary>Lists the ids of all packages in the container.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation = default)
    {
        List<string> ids = [];
        await foreach (BlobItem blob in _models.GetBlobsAsync(cancellationToken: cancellation))
            if (blob.Name.Split('/') is [{ } name, { } version, ModelManifest.FileName])
                ids.Add(new ModelId(name, version));
        return ids;
    }

    /// <summary>Downloads a package, unless the cache has it already.</summary>
    /// <param name="again">True to replace a damaged copy in the cache.</param>
    /// <returns>Folder of the package; the hashes of its files are checked again when they are loaded.</returns>
    /// <exception cref="InvalidDataException">The package is not in the container, or it is damaged.</exception>
    public async Task<string> FetchAsync(string id, bool again = false, CancellationToken cancellation = default)
    {
        string prefix = Prefix(id);
        string folder = Path.Combine(Cache, Uri.EscapeDataString(storage.Blobs.Uri.Authority), Path.TrimEndingDirectorySeparator(prefix));
        if (again && Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        string manifest = Path.Combine(folder, ModelManifest.FileName);
        if (File.Exists(manifest))
        {
            File.SetLastAccessTimeUtc(manifest, TimeProvider.System.GetUtcNow().UtcDateTime);
            return folder;
        }

        if (!await ExistsAsync(id, cancellation))
            throw new InvalidDataException($"Model {id} is not in container '{_models.Name}': publish it with 'aaclip publish FOLDER'.");

        Log.Fetching(logger, id);
        string part = $"{folder}.{Guid.NewGuid():N}.part";
        try
        {
            await foreach (BlobItem blob in _models.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, cancellation))
            {
                string path = Path.GetFullPath(Path.Combine(part, blob.Name[prefix.Length..]));
                if (!path.StartsWith(part + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                    throw new InvalidDataException(
                        $"Model {id} in container '{_models.Name}' has a file '{blob.Name}' outside of its folder: delete the package."
                    );
                Directory.CreateDirectory(Path.GetDirectoryName(path)!); // not null: the path names a file in a folder
                await _models.GetBlobClient(blob.Name).DownloadToAsync(path, cancellation);
            }

            PackageFolder package = AnyPackage.Open(part);
            if (package.Id != id)
                throw new InvalidDataException(
                    $"The package at {_models.Name}/{prefix} contains model {package.Id}: delete it and publish it again."
                );
            package.Verify([.. package.Files.Keys]);
            try
            {
                Directory.Move(part, folder);
            }
            catch (IOException) when (File.Exists(Path.Combine(folder, ModelManifest.FileName)))
            {
                // Another process downloaded it at the same time.
            }

            return folder;
        }
        finally
        {
            if (Directory.Exists(part))
                Directory.Delete(part, recursive: true);
        }
    }

    /// <summary>Prevents every process from deleting a package of the cache, until the returned object is disposed of.</summary>
    public static IDisposable Hold(string folder) =>
        new FileStream(Path.Combine(folder, ModelManifest.FileName), FileMode.Open, FileAccess.Read, FileShare.Read);

    /// <summary>Deletes packages from the cache, except those in use and the most recently used ones.</summary>
    /// <param name="keep">How many of the most recently used packages stay.</param>
    public void Trim(int keep)
    {
        string[] packages = Directory.Exists(Cache)
            ?
            [
                .. Directory
                    .EnumerateFiles(
                        Cache,
                        ModelManifest.FileName,
                        new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3 }
                    )
                    .Where(f => !f.Contains(".part", StringComparison.Ordinal))
                    .OrderByDescending(File.GetLastAccessTimeUtc)
                    .Skip(keep),
            ]
            : [];
        foreach (string manifest in packages)
        {
            try
            {
                using (new FileStream(manifest, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                    Log.Trimmed(logger, Path.GetDirectoryName(manifest)!); // not null: the path names a file in a folder
                Directory.Delete(Path.GetDirectoryName(manifest)!, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is in use.
            }
        }
    }

    private string Cache =>
        options.Value.Cache.Length > 0 ? Path.GetFullPath(options.Value.Cache) : Path.Combine(Path.GetTempPath(), "aaclip-models");

    private static string Prefix(string id) => ModelId.Parse(id).Folder + "/";

    private void RequireSame(byte[] there, byte[] manifest, string id)
    {
        if (!there.AsSpan().SequenceEqual(manifest))
            throw new InvalidDataException(
                $"Container '{_models.Name}' has a different package {id}, and packages are never overwritten: import or calibrate "
                    + $"again to get a new version."
            );
    }

    private static async Task<byte[]?> ContentAsync(BlobClient blob, CancellationToken cancellation)
    {
        try
        {
            return (await blob.DownloadContentAsync(cancellation)).Value.Content.ToArray();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Downloading model {Model} from storage.")]
        public static partial void Fetching(ILogger logger, string model);

        [LoggerMessage(2, LogLevel.Information, "Deleting '{Folder}' from the model cache.")]
        public static partial void Trimmed(ILogger logger, string folder);
    }
}
