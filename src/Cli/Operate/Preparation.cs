using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs.Models;

namespace AaClip.Cli.Operate;

/// <summary>
/// Makes what the functions need of a storage account: containers, queues, and camera profiles. Done twice, it changes nothing.
/// </summary>
internal static class Preparation
{
    /// <param name="cameras">Content of config/cameras.json; null leaves it alone.</param>
    /// <param name="replace">Whether it takes the place of what is there, or stands in where there is nothing.</param>
    /// <returns>True where profiles were written.</returns>
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
            return false; // there are profiles, and they stay
        }
    }
}
