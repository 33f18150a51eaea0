using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>
/// Reads the models' roles every Model__RefreshSeconds, and changes them under their ETag. If the file is invalid or storage does not
/// respond, the last valid roles stay in force. Thread-safe.
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

    private const int Before = 20; // number of former live models in the list

    private readonly BlobClient _blob = storage.Container(ContainerNames.Config).GetBlobClient(BlobName);
    private readonly SemaphoreSlim _one = new(1, 1);
    private (ModelRoles Roles, long LookedAt)? _known;

    /// <summary>Returns the roles in force.</summary>
    /// <exception cref="RequestFailedException">Storage does not respond, and no roles were read yet.</exception>
    /// <exception cref="InvalidDataException">The file is invalid or of a newer version, and no roles were read yet.</exception>
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
            // Without roles the live model is unknown, and the default could raise alerts with the wrong model: then throw
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

    /// <summary>Makes a model the live one. The model must be in the models container; null is the package at Model__Path.</summary>
    /// <param name="who">Name of the person, for the record.</param>
    /// <param name="sha256">SHA-256 of its model.json, which is pinned; null pins none.</param>
    /// <param name="scan">See <see cref="Promotion"/>.</param>
    public Task<ModelRoles> PromoteAsync(
        string? model,
        string? who = null,
        string? sha256 = null,
        string? scan = null,
        CancellationToken cancellation = default
    ) =>
        ChangeAsync(
            r =>
                (
                    r.Live == model
                        ? r
                        : r with
                        {
                            Live = model,
                            PromotedAt = time.GetUtcNow(),
                            Before = [r.Live, .. r.Before.Take(Before - 1)],
                            Promotions = [new Promotion(model, time.GetUtcNow(), who, scan), .. r.Promotions.Take(Before - 1)],
                            Shadow = r.Shadow?.Model == model ? null : r.Shadow,
                        }
                ).Pinned(model, sha256),
            cancellation
        );

    /// <summary>Sets the shadow model; null ends shadow scoring.</summary>
    /// <param name="sha256">SHA-256 of its model.json, which is pinned; null pins none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not above 0 and at most 1.</exception>
    public Task<ModelRoles> ShadowAsync(string? model, double share, string? sha256 = null, CancellationToken cancellation = default)
    {
        if (model is not null && !(share is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "A shadow's share is above 0 and at most 1.");
        return ChangeAsync(
            r => (r with { Shadow = model is null ? null : new Shadow(model, share, time.GetUtcNow()) }).Pinned(model, sha256),
            cancellation
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private ModelRoles? Fresh() =>
        _known is { } known && time.GetElapsedTime(known.LookedAt) < TimeSpan.FromSeconds(options.Value.RefreshSeconds)
            ? known.Roles
            : null;

    private async Task<ModelRoles> ChangeAsync(Func<ModelRoles, ModelRoles> change, CancellationToken cancellation) =>
        (await Blob().ChangeAsync(before => change(before ?? new ModelRoles()), cancellation))!; // not null: the change never returns null

    private VersionedBlob<ModelRoles> Blob() => new(_blob, ModelJson.Default.ModelRoles, "a file of models' roles", time);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The models' roles cannot be read. The roles read before stay in force. {Error}")]
        public static partial void Kept(ILogger logger, string error);
    }
}
