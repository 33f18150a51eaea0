using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// The camera profiles of config/cameras.json, read again when its ETag changes. Without a file, every camera has the default profile. If
/// the file is invalid, the last valid one stays in force, and health and log report the error. If no valid file was read yet, images wait
/// for one, because the default profile would alert by other rules than the user's. Thread-safe.
/// </summary>
public sealed partial class CameraProfiles : IDisposable
{
    /// <summary>Blob name in the config container.</summary>
    public const string Blob = "cameras.json";

    private const int MaxBytes = 4 << 20;

    private readonly BlobClient _blob;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Refreshed<Snapshot> _read;
    private volatile CamerasState? _brokenAtStart;

    /// <summary>Reads nothing before the first call of <see cref="GetAsync"/>.</summary>
    public CameraProfiles(StorageClients storage, IOptions<CamerasOptions> options, TimeProvider time, ILogger<CameraProfiles> logger)
    {
        _blob = storage.Container(ContainerNames.Config).GetBlobClient(Blob);
        _time = time;
        _logger = logger;
        _read = new(TimeSpan.FromSeconds(options.Value.RefreshSeconds), time);
    }

    /// <summary>State for the health report; null before the first read.</summary>
    public CamerasState? State => _read.Known?.State ?? _brokenAtStart;

    /// <summary>Returns the profiles in force.</summary>
    /// <exception cref="RequestFailedException">Storage does not respond, and no profiles were read yet.</exception>
    /// <exception cref="InfrastructureException">The file is invalid, and no valid one was read yet.</exception>
    public async Task<CameraSet> GetAsync(CancellationToken cancellation = default) =>
        (await _read.GetAsync(LookAsync, cancellation)).Cameras;

    /// <inheritdoc/>
    public void Dispose() => _read.Dispose();

    private async Task<Snapshot> LookAsync(Snapshot? known, CancellationToken cancellation)
    {
        ETag? seen = known?.Seen;
        try
        {
            BlobDownloadOptions options = new() { Conditions = seen is null ? null : new BlobRequestConditions { IfNoneMatch = seen } };
            Response<BlobDownloadStreamingResult> response = await _blob.DownloadStreamingAsync(options, cancellation);
            if (response.GetRawResponse().Status == 304 && known is not null)
                return known;
            using BlobDownloadStreamingResult blob = response.Value;
            return await ReadAsync(blob, known, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            if (known is null or { Seen: not null })
                Log.Absent(_logger, _blob.Name);
            return new Snapshot(
                CameraSet.Default,
                null,
                new CamerasState(
                    $"{ContainerNames.Config}/{Blob} is absent: every camera has the default profile, class 'object'.",
                    null,
                    null,
                    null
                )
            );
        }
        catch (Exception e) when (known is not null && InfrastructureException.Is(e))
        {
            Log.Unreachable(_logger, _blob.Name, Fault.Text(e));
            return known;
        }
    }

    private async Task<Snapshot> ReadAsync(BlobDownloadStreamingResult blob, Snapshot? known, CancellationToken cancellation)
    {
        ETag etag = blob.Details.ETag;
        try
        {
            if (blob.Details.ContentLength > MaxBytes)
                throw new InvalidDataException(
                    $"{ContainerNames.Config}/{Blob} has {blob.Details.ContentLength} bytes, more than {MaxBytes}: this is not a "
                        + $"file of camera profiles."
                );
            byte[] json = new byte[blob.Details.ContentLength];
            await blob.Content.ReadExactlyAsync(json, cancellation);
            CameraSet cameras = CameraSet.Parse(json, $"{ContainerNames.Config}/{Blob}", etag.ToString().Trim('"'));
            Log.Loaded(_logger, _blob.Name, cameras.Names.Count, etag.ToString());
            string loaded = string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{cameras.Names.Count} profiles from {ContainerNames.Config}/{Blob}."
            );
            return new Snapshot(cameras, etag, new CamerasState(loaded, etag.ToString(), _time.GetUtcNow(), null));
        }
        catch (InvalidDataException e)
        {
            Log.Broken(_logger, e.Message);
            if (known is not null)
                return new Snapshot(known.Cameras, etag, known.State with { Error = e.Message });
            _brokenAtStart = new CamerasState("No valid file was read yet: images wait for one.", null, null, e.Message, Waiting: true);
            throw new InfrastructureException(e.Message, e);
        }
    }

    /// <param name="Seen">ETag of the file that was read last, valid or not; null if there was no file.</param>
    private sealed record Snapshot(CameraSet Cameras, ETag? Seen, CamerasState State);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Loaded {Blob}: {Count} camera profiles, version {ETag}.")]
        public static partial void Loaded(ILogger logger, string blob, int count, string etag);

        [LoggerMessage(2, LogLevel.Warning, "{Blob} is absent: every camera has the default profile.")]
        public static partial void Absent(ILogger logger, string blob);

        [LoggerMessage(
            3,
            LogLevel.Error,
            "The camera profiles are invalid. The last valid ones stay in force; if there are none, images wait. {Error}"
        )]
        public static partial void Broken(ILogger logger, string error);

        [LoggerMessage(4, LogLevel.Warning, "{Blob} cannot be read at the moment ({Reason}): the profiles read before stay in force.")]
        public static partial void Unreachable(ILogger logger, string blob, string reason);
    }
}

/// <summary>The profiles in force, for the health report.</summary>
/// <param name="InForce">Text that describes them.</param>
/// <param name="ETag">ETag of the file in force; null for the default profile.</param>
/// <param name="LoadedAt">When the file was read.</param>
/// <param name="Error">Why the newest file is not in force; null if it is.</param>
/// <param name="Waiting">True if no valid file was read since the process started, so that images wait for one.</param>
public sealed record CamerasState(string InForce, string? ETag, DateTimeOffset? LoadedAt, string? Error, bool Waiting = false);
