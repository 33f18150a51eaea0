using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs.Models;

namespace AaClip.Cli.Operate;

/// <summary>
/// Creates what the functions need in a storage account: containers, queues, and camera profiles. A second run changes nothing.
/// </summary>
internal static class Preparation
{
    /// <param name="cameras">Content of config/cameras.json; null writes none.</param>
    /// <param name="replace">True replaces camera profiles in storage; false writes them only if there are none.</param>
    /// <returns>True if profiles were written.</returns>
    public static async Task<bool> RunAsync(StorageClients storage, byte[]? cameras, bool replace, CancellationToken cancellation)
    {
        await storage.EnsureCreatedAsync(cancellation);
        if (cameras is null)
            return false;
        try
        {
            BlobUploadOptions options = new()
            {
                Conditions = replace ? null : new BlobRequestConditions { IfNoneMatch = ETag.All },
                HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
            };
            await storage
                .Container(ContainerNames.Config)
                .GetBlobClient(CameraProfiles.Blob)
                .UploadAsync(BinaryData.FromBytes(cameras), options, cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return false; // profiles exist, and are kept
        }
    }
}
