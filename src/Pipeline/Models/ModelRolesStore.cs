using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>
/// Reads the models' roles, again every Model__RefreshSeconds, and changes them under their ETag. A broken file, or storage that does not
/// answer, leaves the last good roles in force. May be used from many threads.
/// </summary>
public sealed partial class ModelRolesStore(
    StorageClients storage,
    IOptions<ModelOptions> options,
    TimeProvider time,
    ILogger<ModelRolesStore> logger
) : IDisposable
{
    /// <summary>Blob name in the config container.</summary>
    public const string BlobName = "models.json";

    private const int Before = 20; // former live models that are remembered

    private readonly BlobClient _blob = storage.Container(ContainerNames.Config).GetBlobClient(BlobName);
    private readonly SemaphoreSlim _one = new(1, 1);
    private (ModelRoles Roles, long LookedAt)? _known;

    /// <summary>The roles in force.</summary>
    /// <exception cref="RequestFailedException">Storage does not answer, and nothing was read yet.</exception>
    /// <exception cref="InvalidDataException">The file is broken or of a newer version, and nothing was read yet.</exception>
    public async ValueTask<ModelRoles> GetAsync(CancellationToken cancellation = default)
    {
        if (Fresh() is { } fresh)
            return fresh;
        await _one.WaitAsync(cancellation);
        try
        {
            if (Fresh() is { } meanwhile)
                return meanwhile;
            ModelRoles roles;
            try
            {
                roles = (await Blob().ReadAsync(cancellation))?.Document ?? new ModelRoles();
            }
            // Else nobody knows which model is live, and guessing would alert by the wrong one
            catch (Exception e) when (_known is not null && (e is InvalidDataException || InfrastructureException.Is(e)))
            {
                Log.Kept(logger, Fault.Text(e));
                roles = _known.Value.Roles;
            }
            _known = (roles, time.GetTimestamp());
            return roles;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Makes a model the live one. The models container must hold it, but for null, which is the package at Model__Path.</summary>
    public Task<ModelRoles> PromoteAsync(string? model, CancellationToken cancellation = default) =>
        ChangeAsync(
            r =>
                r.Live == model
                    ? r
                    : r with
                    {
                        Live = model,
                        PromotedAt = time.GetUtcNow(),
                        Before = [r.Live, .. r.Before.Take(Before - 1)],
                        Shadow = r.Shadow?.Model == model ? null : r.Shadow,
                    },
            cancellation
        );

    /// <summary>Lets a second model score along, or none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The share is not above 0 and at most 1.</exception>
    public Task<ModelRoles> ShadowAsync(string? model, double share, CancellationToken cancellation = default)
    {
        if (model is not null && !(share is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "A shadow's share is above 0 and at most 1.");
        return ChangeAsync(r => r with { Shadow = model is null ? null : new Shadow(model, share, time.GetUtcNow()) }, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private ModelRoles? Fresh() =>
        _known is { } known && time.GetElapsedTime(known.LookedAt) < TimeSpan.FromSeconds(options.Value.RefreshSeconds)
            ? known.Roles
            : null;

    private async Task<ModelRoles> ChangeAsync(Func<ModelRoles, ModelRoles> change, CancellationToken cancellation) =>
        (await Blob().ChangeAsync(before => change(before ?? new ModelRoles()), cancellation))!; // never null where the change gives none

    private VersionedBlob<ModelRoles> Blob() => new(_blob, ModelJson.Default.ModelRoles, "a file of models' roles", time);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The models' roles cannot be read, those before stay in force: {Error}")]
        public static partial void Kept(ILogger logger, string error);
    }
}
