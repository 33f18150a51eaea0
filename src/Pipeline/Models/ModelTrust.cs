using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>
/// Decides whether a package may be used: its model.json has the hash that config/models.json pins for its name and version, if it pins
/// one, and is on the allow-list models/trusted.json, if there is one. Both are read every Model__RefreshSeconds. If storage does not
/// respond, what was read before stays in force; an allow-list that cannot be understood refuses every package. Thread-safe.
/// </summary>
public sealed partial class ModelTrust(
    StorageClients storage,
    ModelRolesStore roles,
    IOptions<ModelOptions> options,
    TimeProvider time,
    ILogger<ModelTrust> logger
) : IDisposable
{
    /// <summary>Blob name in the models container.</summary>
    public const string BlobName = "trusted.json";

    private readonly BlobClient _blob = storage.Container(ContainerNames.Models).GetBlobClient(BlobName);
    private readonly Refreshed<Rules> _rules = new(TimeSpan.FromSeconds(options.Value.RefreshSeconds), time);

    /// <summary>Refuses a package that may not be used.</summary>
    /// <param name="id">"name@version".</param>
    /// <param name="sha256">SHA-256 of its model.json (<see cref="ModelPackage.Hash"/>).</param>
    /// <exception cref="InvalidDataException">It may not be used; the message says why and what to do.</exception>
    /// <exception cref="RequestFailedException">Storage does not respond, and nothing was read yet.</exception>
    public async Task RequireAsync(string id, string sha256, CancellationToken cancellation = default) =>
        Require(await _rules.GetAsync(ReadAsync, cancellation), id, sha256);

    /// <summary>As <see cref="RequireAsync"/>, by what was read last; nothing is refused before the first reading.</summary>
    public void Require(string id, string sha256)
    {
        if (_rules.Known is { } known)
            Require(known, id, sha256);
    }

    /// <summary>Reads the allow-list.</summary>
    /// <returns>Null if there is none.</returns>
    /// <exception cref="InvalidDataException">The blob holds something else, or a list of a newer program.</exception>
    public async Task<TrustedModels?> FindAsync(CancellationToken cancellation = default) =>
        (await List().ReadAsync(cancellation))?.Document;

    /// <summary>Adds packages to the allow-list, which is made if there is none.</summary>
    /// <returns>The new list.</returns>
    public async Task<TrustedModels> AddAsync(IReadOnlyList<TrustedModel> models, CancellationToken cancellation = default) =>
        (
            await List()
                .ChangeAsync(
                    before =>
                        models.All(m => before?.Models.Any(b => b.Sha256 == m.Sha256) == true)
                            ? before
                            : (before ?? new TrustedModels { Models = [] }) with
                            {
                                Models =
                                [
                                    .. before?.Models ?? [],
                                    .. models.Where(m => before?.Models.Any(b => b.Sha256 == m.Sha256) != true),
                                ],
                            },
                    cancellation
                )
        )!; // not null: the change never returns null

    /// <summary>Removes packages from the allow-list; one without packages refuses all.</summary>
    /// <param name="hashes">SHA-256 of their model.json.</param>
    /// <returns>The new list; null if there is none.</returns>
    public Task<TrustedModels?> RemoveAsync(IReadOnlyCollection<string> hashes, CancellationToken cancellation = default) =>
        List()
            .ChangeAsync(
                before =>
                    before?.Models.Any(m => hashes.Contains(m.Sha256)) == true
                        ? before with
                        {
                            Models = [.. before.Models.Where(m => !hashes.Contains(m.Sha256))],
                        }
                        : before,
                cancellation
            );

    /// <summary>Deletes the allow-list: workers may use any package again.</summary>
    public Task ClearAsync(CancellationToken cancellation = default) => _blob.DeleteIfExistsAsync(cancellationToken: cancellation);

    /// <inheritdoc/>
    public void Dispose() => _rules.Dispose();

    private async Task<Rules> ReadAsync(Rules? known, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, string> pins = (await roles.GetAsync(cancellation)).Pins;
        try
        {
            return new Rules(
                pins,
                (await FindAsync(cancellation))?.Models.Select(m => m.Sha256.ToLowerInvariant()).ToHashSet(StringComparer.Ordinal)
            );
        }
        catch (InvalidDataException e)
        {
            Log.Unreadable(logger, e.Message);
            return new Rules(pins, new HashSet<string>(), e.Message);
        }
        catch (Exception e) when (known is not null && InfrastructureException.Is(e))
        {
            Log.Kept(logger, Fault.Text(e));
            return known with { Pins = pins };
        }
    }

    private static void Require(Rules rules, string id, string sha256)
    {
        if (rules.Unreadable is { } reason)
            throw new InvalidDataException($"Model {id} is refused, as every model, because the allow-list cannot be read. {reason}");
        if (rules.Pins.TryGetValue(id, out string? pin) && pin != sha256)
            throw new InvalidDataException(
                $"Model {id} is refused: the model.json of this package has SHA-256 {sha256}, but {ContainerNames.Config}/"
                    + $"{ModelRolesStore.BlobName} pins {pin}: put the right package back, or check this one and pin it with "
                    + $"'aaclip promote {id} --repin'."
            );
        if (rules.Allowed?.Contains(sha256) == false)
            throw new InvalidDataException(
                $"Model {id} is refused: the SHA-256 of its model.json, {sha256}, is not in {ContainerNames.Models}/{BlobName}: promote a "
                    + $"model that is, or check this one and add it with 'aaclip trust {id}'."
            );
    }

    private VersionedBlob<TrustedModels> List() => new(_blob, TrustJson.Default.TrustedModels, "a list of trusted models", time);

    /// <param name="Pins">SHA-256 of model.json by "name@version".</param>
    /// <param name="Allowed">SHA-256 of every model.json that may be used; null for any.</param>
    /// <param name="Unreadable">Why the allow-list cannot be read; null if it can, or if there is none.</param>
    private sealed record Rules(IReadOnlyDictionary<string, string> Pins, IReadOnlySet<string>? Allowed, string? Unreadable = null);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Every model is refused, because the allow-list cannot be read. {Error}")]
        public static partial void Unreadable(ILogger logger, string error);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "The list of trusted models cannot be read at the moment ({Reason}): the one known stays in force."
        )]
        public static partial void Kept(ILogger logger, string reason);
    }
}
