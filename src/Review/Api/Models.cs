using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Review.Api;

/// <summary>The models that have results.</summary>
internal sealed class Models(StorageClients storage, ResultIndex index, TimeProvider time) : IDisposable
{
    private readonly ModelRolesStore _roles = new(storage, Options.Create(new ModelOptions()), time, NullLogger<ModelRolesStore>.Instance);

    /// <summary>"name@version" of the model whose results are shown first: the live one (<see cref="LiveModel"/>).</summary>
    /// <returns>Null if there is no result.</returns>
    public async Task<string?> LiveAsync(CancellationToken cancellation) =>
        await LiveModel.FindAsync(await _roles.GetAsync(cancellation), index, cancellation);

    /// <summary>What was promoted, by whom and when.</summary>
    public async Task<ModelRoles> RolesAsync(CancellationToken cancellation) => await _roles.GetAsync(cancellation);

    /// <summary>"name@version" of every model with a result, in ordinal order.</summary>
    public async Task<IReadOnlyList<string>> AllAsync(CancellationToken cancellation)
    {
        List<string> models = [];
        await foreach (
            BlobHierarchyItem item in storage
                .Container(ContainerNames.Results)
                .GetBlobsByHierarchyAsync(new GetBlobsByHierarchyOptions { Delimiter = "/" }, cancellation)
        )
            if (item.IsPrefix && BlobNames.ModelOf(item.Prefix) is var model && model != BlobNames.Failed)
                models.Add(model);
        return models;
    }

    /// <inheritdoc/>
    public void Dispose() => _roles.Dispose();
}
