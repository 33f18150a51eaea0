using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Handles a stored image: requests a score, or skips it. The logic is in <see cref="UploadRouter"/>.</summary>
public sealed class RouteUpload(UploadRouter router)
{
    /// <summary>Routes one upload.</summary>
    [Function(nameof(RouteUpload))]
    public Task Run(
        [QueueTrigger(QueueNames.Uploads, Connection = StorageConnection.Setting)] BlobCreated upload,
        CancellationToken cancellation
    ) => router.RouteAsync(upload, cancellation);
}
