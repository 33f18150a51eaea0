using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>An image was stored: asks for a score, or skips it. The step is <see cref="UploadRouter"/>.</summary>
public sealed class RouteUpload(UploadRouter router)
{
    /// <summary>Looks at one upload.</summary>
    [Function(nameof(RouteUpload))]
    public Task Run(
        [QueueTrigger(QueueNames.Uploads, Connection = StorageConnection.Setting)] BlobCreated upload,
        CancellationToken cancellation
    ) => router.RouteAsync(upload, cancellation);
}
